/** The live connection: opened when we are somebody, closed when we are nobody. */
import { world } from '../model/here';
import type { Frame } from '../net/gateway';
import type { Socket } from '../net/socket';

let socket: Socket | null = null;
let coming: Promise<void> | null = null;
/** somebody asked for the connection before what it runs on was here */
let wanted = false;

/** Fetches what a connection runs on, ahead of the moment it is needed. Never fails: when it could
 *  not be had, the page says so, and the next call tries again. */
export function prepare(): Promise<void> {
  coming ??= import('./live').then(
    (live) => void (socket = live.socket),
    () => void (coming = null),
  );
  return coming;
}

export function connect(): void {
  world.link = 'connecting';
  if (socket) return socket.start();
  wanted = true;
  void prepare().then(() => {
    if (!wanted) return;
    if (!socket) world.link = 'lost';
    else {
      wanted = false;
      socket.start();
    }
  });
}

export function disconnect(): void {
  wanted = false;
  if (socket) socket.stop();
  else world.link = 'off';
}

export function hurry(): void {
  if (socket) socket.hurry();
  else if (wanted) connect();
}

export function command(frame: Frame): boolean {
  return socket?.command(frame) ?? false;
}
