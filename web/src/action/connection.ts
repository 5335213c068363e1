/** The live connection: opened when we are somebody, closed when we are nobody. */
import { world } from '../model/here';
import { Socket } from '../net/socket';
import type { Frame } from '../net/gateway';
import { resendAll } from './message';
import { recall } from './outbox';

const socket = new Socket(world, (fresh) => {
  if (fresh) void recall(); // somebody signed in who had left something unsent
  resendAll();
});

export function connect(): void {
  world.link = 'connecting';
  socket.start();
}

export function disconnect(): void {
  socket.stop();
}

export function hurry(): void {
  socket.hurry();
}

export function command(frame: Frame): boolean {
  return socket.command(frame);
}
