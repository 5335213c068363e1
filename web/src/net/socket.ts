/** The shell around the gateway machine: a real WebSocket, real timers, and a queue that hands
 *  events to the model once per frame, because layout costs more than anything else. */
import { apply, type Dispatch } from '../model/apply';
import type { World } from '../model/world.svelte';
import { type Frame, newGateway, type Output, step, type Surroundings, wakeAtMs } from './gateway';

const CALM_MS = 100;
const BURST = 10;

export class Socket {
  #state = newGateway();
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #queue: Dispatch[] = [];
  #flushing = false;
  #flushedAtMs = 0;

  constructor(
    private world: World,
    /** called after a READY or RESUMED was applied: time to fill gaps and send what waits */
    private afterStart: (fresh: boolean) => void,
  ) {
    addEventListener('online', () => this.#step({ kind: 'online' }));
    document.addEventListener('visibilitychange', () => {
      if (this.#flushing) this.#flush(); // the frame that was asked for may never come
      if (!document.hidden) this.#step({ kind: 'online' });
    });
  }

  start(): void {
    this.#hangUp(1000);
    this.#queue = [];
    this.#step({ kind: 'start' });
  }

  stop(): void {
    this.#queue = [];
    this.#step({ kind: 'stop' });
    this.world.link = 'off';
  }

  /** Dials at once instead of waiting for the next try. */
  hurry(): void {
    this.#step({ kind: 'online' });
  }

  /** A command beside the machine's own (members of a room, presence). False: not connected. */
  command(frame: Frame): boolean {
    if (this.#state.phase !== 'live' || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #step(input: Parameters<typeof step>[1]): void {
    const [next, outputs] = step(this.#state, input, surroundings());
    this.#state = next;
    for (const output of outputs) this.#carryOut(output);
    this.#showLink();
    clearTimeout(this.#timer);
    const wake = wakeAtMs(next);
    if (wake !== null) {
      const inMs = Math.max(0, wake - Date.now());
      this.#timer = setTimeout(() => this.#step({ kind: 'tick' }), inMs);
    }
  }

  #carryOut(output: Output): void {
    switch (output.kind) {
      case 'dial':
        return this.#dial();
      case 'send':
        return this.#socket?.send(JSON.stringify(output.frame));
      case 'close':
        return this.#hangUp(output.code);
      case 'dispatch':
        return this.#enqueue({ t: output.t, d: output.d });
      case 'refused':
        this.world.link = 'refused';
    }
  }

  #dial(): void {
    this.#hangUp(1000);
    // Always our own origin: the cookie belongs to it, and the policy allows nothing else.
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(
      `${scheme}//${location.host}/gateway?v=10&encoding=json&seq=shared`,
    );
    socket.onopen = () => this.#step({ kind: 'opened' });
    socket.onclose = (event) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#step({ kind: 'closed', code: event.code });
    };
    socket.onmessage = (event) => {
      if (this.#socket !== socket) return;
      this.#step({ kind: 'frame', frame: JSON.parse(String(event.data)) as Frame });
    };
    this.#socket = socket;
  }

  /** Lets go of the socket first, so that its late events no longer reach the machine. */
  #hangUp(code: number): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(code);
  }

  #showLink(): void {
    const { phase, attempt } = this.#state;
    if (phase === 'live') this.world.link = 'live';
    else if (phase === 'waiting' || attempt > 0) this.world.link = 'lost';
    else if (phase !== 'idle' && phase !== 'over') this.world.link = 'connecting';
  }

  #enqueue(dispatch: Dispatch): void {
    this.#queue.push(dispatch);
    if (this.#flushing) return;
    this.#flushing = true;
    // A hidden page gets no frames; it still has to follow, for its title and its marks.
    if (document.hidden) setTimeout(() => this.#flush(), CALM_MS);
    else requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    const now = Date.now();
    const sinceMs = now - this.#flushedAtMs;
    if (sinceMs < CALM_MS && this.#queue.length > BURST) {
      setTimeout(() => this.#flush(), CALM_MS - sinceMs);
      return;
    }
    this.#flushing = false;
    this.#flushedAtMs = now;
    const events = this.#queue;
    this.#queue = [];
    for (const event of events) {
      try {
        apply(this.world, event, now);
      } catch (error) {
        // One bad event must not stop those behind it.
        console.error(`cannot apply ${event.t}`, error);
      }
      if (event.t === 'READY') this.afterStart(true);
      if (event.t === 'RESUMED') this.afterStart(false);
    }
  }
}

function surroundings(): Surroundings {
  return {
    nowMs: Date.now(),
    chance: Math.random(),
    client: { os: navigator.platform || 'web', browser: 'opensrcchat', device: 'web' },
  };
}
