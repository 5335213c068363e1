/** The client half of the gateway as a pure machine: (state, input) -> (state, outputs).
 *  No socket, clock or chance in here, so that every disorder of a network is a unit test. */

export type Phase = 'idle' | 'waiting' | 'opening' | 'greeting' | 'starting' | 'live' | 'over';

export interface Frame {
  op: number;
  d?: unknown;
  s?: number | null;
  t?: string | null;
}

export interface Gateway {
  phase: Phase;
  sessionId: string | null;
  seq: number | null;
  /** dispatches received in this session, compared with what the server says it sent */
  received: number;
  /** the next ACK sets the comparison point: replay after a resume may be counted either way */
  recount: boolean;
  resuming: boolean;
  attempt: number;
  beatEveryMs: number;
  nextBeatAtMs: number | null;
  acked: boolean;
  /** when to dial, to identify again, or to give up on a silent peer */
  dialAtMs: number | null;
  identifyAtMs: number | null;
  deadlineMs: number | null;
}

export type Input =
  | { kind: 'start' }
  | { kind: 'stop' }
  | { kind: 'opened' }
  | { kind: 'closed'; code: number }
  | { kind: 'frame'; frame: Frame }
  | { kind: 'tick' }
  | { kind: 'online' };

export type Output =
  | { kind: 'dial' }
  | { kind: 'send'; frame: Frame }
  | { kind: 'close'; code: number }
  | { kind: 'dispatch'; t: string; d: unknown }
  | { kind: 'refused' };

export interface Surroundings {
  nowMs: number;
  /** 0 <= chance < 1 */
  chance: number;
  client: { os: string; browser: string; device: string };
}

const SILENCE_MS = 15_000;
const LONGEST_WAIT_MS = 15_000;
const ALL_INTENTS = 0x3ffffff;
const LOGGED_OUT = 4004;
/** Closes after which a session cannot be taken up again. */
const SESSION_GONE = new Set([4003, 4007, 4009]);
/** Closes after which trying again would only repeat the mistake. */
const HOPELESS = new Set([4010, 4011, 4012, 4013, 4014]);

export function newGateway(): Gateway {
  return {
    phase: 'idle',
    sessionId: null,
    seq: null,
    received: 0,
    recount: false,
    resuming: false,
    attempt: 0,
    beatEveryMs: 0,
    nextBeatAtMs: null,
    acked: true,
    dialAtMs: null,
    identifyAtMs: null,
    deadlineMs: null,
  };
}

/** The moment at which the machine wants a `tick`, or null when only the peer can move it. */
export function wakeAtMs(gateway: Gateway): number | null {
  const times = [
    gateway.dialAtMs,
    gateway.identifyAtMs,
    gateway.deadlineMs,
    gateway.nextBeatAtMs,
  ].filter((at) => at !== null);
  return times.length ? Math.min(...times) : null;
}

export function step(before: Gateway, input: Input, around: Surroundings): [Gateway, Output[]] {
  const gateway = { ...before };
  switch (input.kind) {
    case 'start':
      return [dial({ ...newGateway() }, around), [{ kind: 'dial' }]];
    case 'stop':
      return [newGateway(), before.phase === 'idle' ? [] : [{ kind: 'close', code: 1000 }]];
    case 'opened':
      if (gateway.phase !== 'opening') return [gateway, []];
      return [{ ...gateway, phase: 'greeting' }, []];
    case 'closed':
      return closed(gateway, input.code, around);
    case 'frame':
      return frame(gateway, input.frame, around);
    case 'tick':
      return tick(gateway, around);
    case 'online':
      if (gateway.phase !== 'waiting') return [gateway, []];
      return [dial(gateway, around), [{ kind: 'dial' }]];
  }
}

function dial(gateway: Gateway, around: Surroundings): Gateway {
  return {
    ...gateway,
    phase: 'opening',
    dialAtMs: null,
    identifyAtMs: null,
    nextBeatAtMs: null,
    acked: true,
    deadlineMs: around.nowMs + SILENCE_MS,
  };
}

function closed(gateway: Gateway, code: number, around: Surroundings): [Gateway, Output[]] {
  if (gateway.phase === 'idle' || gateway.phase === 'over') return [gateway, []];
  if (code === LOGGED_OUT || HOPELESS.has(code)) {
    return [{ ...newGateway(), phase: 'over' }, [{ kind: 'refused' }]];
  }
  const kept = SESSION_GONE.has(code) ? forgetSession(gateway) : gateway;
  const ceiling = Math.min(LONGEST_WAIT_MS, 500 * 2 ** kept.attempt);
  // Half of the wait is by chance: after a restart not everybody may come at the same moment.
  const waitMs = ceiling / 2 + (ceiling / 2) * around.chance;
  const waiting: Gateway = {
    ...kept,
    phase: 'waiting',
    attempt: kept.attempt + 1,
    dialAtMs: around.nowMs + waitMs,
    identifyAtMs: null,
    nextBeatAtMs: null,
    deadlineMs: null,
  };
  return [waiting, []];
}

function tick(gateway: Gateway, around: Surroundings): [Gateway, Output[]] {
  const due = (at: number | null) => at !== null && around.nowMs >= at;
  if (due(gateway.dialAtMs)) return [dial(gateway, around), [{ kind: 'dial' }]];
  if (due(gateway.deadlineMs)) return abandon(gateway, around);
  if (due(gateway.identifyAtMs)) {
    const next: Gateway = { ...gateway, identifyAtMs: null };
    return [next, [identify(around)]];
  }
  if (due(gateway.nextBeatAtMs)) {
    if (!gateway.acked) return abandon(gateway, around);
    return beat(gateway, around);
  }
  return [gateway, []];
}

/** The socket is open but nobody answers: hang up and take the session up elsewhere. */
function abandon(gateway: Gateway, around: Surroundings): [Gateway, Output[]] {
  const [waiting] = closed(gateway, 4000, around);
  return [waiting, [{ kind: 'close', code: 4000 }]];
}

function beat(gateway: Gateway, around: Surroundings): [Gateway, Output[]] {
  const nextBeatAtMs = around.nowMs + gateway.beatEveryMs;
  const send: Output = { kind: 'send', frame: { op: 1, d: gateway.seq } };
  return [{ ...gateway, acked: false, nextBeatAtMs }, [send]];
}

function frame(gateway: Gateway, data: Frame, around: Surroundings): [Gateway, Output[]] {
  if (gateway.phase === 'waiting' || gateway.phase === 'idle' || gateway.phase === 'over') {
    return [gateway, []]; // the last words of a socket we have left
  }
  switch (data.op) {
    case 0:
      return dispatched(gateway, data, around);
    case 1:
      return beat(gateway, around);
    case 7:
      return abandonForResume(gateway, around);
    case 9:
      return invalidated(gateway, data.d === true, around);
    case 10:
      return greeted(gateway, data.d as { heartbeat_interval: number }, around);
    case 11:
      return acknowledged(gateway, data.d as { dispatches?: number } | null, around);
    default:
      return [gateway, []];
  }
}

function greeted(
  gateway: Gateway,
  hello: { heartbeat_interval: number },
  around: Surroundings,
): [Gateway, Output[]] {
  const next: Gateway = {
    ...gateway,
    phase: 'starting',
    beatEveryMs: hello.heartbeat_interval,
    nextBeatAtMs: around.nowMs + hello.heartbeat_interval * around.chance,
    acked: true,
    deadlineMs: around.nowMs + SILENCE_MS,
    resuming: gateway.sessionId !== null,
  };
  if (!gateway.sessionId) return [next, [identify(around)]];
  const d = { token: '', session_id: gateway.sessionId, seq: gateway.seq };
  return [{ ...next, recount: true }, [{ kind: 'send', frame: { op: 6, d } }]];
}

function identify(around: Surroundings): Output {
  const d = {
    token: '', // the cookie says who we are
    properties: around.client,
    intents: ALL_INTENTS,
    osc: { v: 1, features: [] },
  };
  return { kind: 'send', frame: { op: 2, d } };
}

function dispatched(gateway: Gateway, data: Frame, around: Surroundings): [Gateway, Output[]] {
  const next = { ...gateway, received: gateway.received + 1 };
  if (typeof data.s === 'number') next.seq = Math.max(data.s, gateway.seq ?? 0);
  const t = data.t ?? '';
  if (t === 'READY') {
    const ready = data.d as { session_id: string };
    Object.assign(next, live(next), { sessionId: ready.session_id, received: 1, recount: false });
  }
  if (t === 'RESUMED') {
    // Beat at once: the answer tells whether the replay was complete.
    Object.assign(next, live(next), { nextBeatAtMs: around.nowMs });
  }
  return [next, [{ kind: 'dispatch', t, d: data.d }]];
}

function live(gateway: Gateway): Gateway {
  return { ...gateway, phase: 'live', attempt: 0, resuming: false, deadlineMs: null };
}

function acknowledged(
  gateway: Gateway,
  ack: { dispatches?: number } | null,
  around: Surroundings,
): [Gateway, Output[]] {
  const next = { ...gateway, acked: true };
  const sent = ack?.dispatches;
  if (gateway.phase !== 'live' || sent === undefined) return [next, []];
  if (gateway.recount) return [{ ...next, recount: false, received: sent }, []];
  // The server counted a dispatch that never came: fetch it by taking the session up again.
  return sent === gateway.received ? [next, []] : abandonForResume(next, around);
}

function abandonForResume(gateway: Gateway, around: Surroundings): [Gateway, Output[]] {
  const [waiting, outputs] = abandon(gateway, around);
  return [{ ...waiting, dialAtMs: around.nowMs + 500 * around.chance }, outputs];
}

function invalidated(
  gateway: Gateway,
  resumable: boolean,
  around: Surroundings,
): [Gateway, Output[]] {
  if (resumable) return abandonForResume(gateway, around);
  const waitMs = 250 + 1_000 * gateway.attempt + 500 * around.chance;
  const next: Gateway = {
    ...forgetSession(gateway),
    phase: 'starting',
    attempt: Math.min(gateway.attempt + 1, 5),
    identifyAtMs: around.nowMs + waitMs,
    deadlineMs: around.nowMs + waitMs + SILENCE_MS,
  };
  return [next, []];
}

function forgetSession(gateway: Gateway): Gateway {
  return { ...gateway, sessionId: null, seq: null, received: 0, recount: false, resuming: false };
}
