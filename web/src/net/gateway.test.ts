/** The machine against every disorder a network knows. */
import { describe, expect, it } from 'vitest';
import { type Frame, newGateway, type Output, step, type Surroundings, wakeAtMs } from './gateway';
import type { Gateway, Input } from './gateway';

const client = { os: 'test', browser: 'test', device: 'test' };

/** One machine with a hand-moved clock. */
class Rig {
  state: Gateway = newGateway();
  nowMs = 1_000_000;
  chance = 0.5;
  outputs: Output[] = [];

  give(input: Input): Output[] {
    const around: Surroundings = { nowMs: this.nowMs, chance: this.chance, client };
    const [next, outputs] = step(this.state, input, around);
    this.state = next;
    this.outputs.push(...outputs);
    return outputs;
  }
  frame(frame: Frame) {
    return this.give({ kind: 'frame', frame });
  }
  hello() {
    this.give({ kind: 'opened' });
    return this.frame({ op: 10, d: { heartbeat_interval: 40_000 } });
  }
  dispatch(t: string, s: number, d: unknown = {}) {
    return this.frame({ op: 0, t, s, d });
  }
  live() {
    this.give({ kind: 'start' });
    this.hello();
    this.dispatch('READY', 7, { session_id: 'one' });
    return this;
  }
  sleepUntilWake() {
    this.nowMs = wakeAtMs(this.state) ?? this.nowMs;
    return this.give({ kind: 'tick' });
  }
}

const sent = (outputs: Output[]) =>
  outputs.flatMap((one) => (one.kind === 'send' ? [one.frame.op] : []));

describe('gateway', () => {
  it('identifies after hello and is live after READY', () => {
    const rig = new Rig();
    expect(rig.give({ kind: 'start' })).toEqual([{ kind: 'dial' }]);
    const [identify] = rig.hello();
    expect(identify).toMatchObject({ kind: 'send', frame: { op: 2, d: { token: '' } } });
    rig.dispatch('READY', 7, { session_id: 'one' });
    expect(rig.state).toMatchObject({ phase: 'live', sessionId: 'one', seq: 7, received: 1 });
  });

  it('hands every dispatch on, also those after gaps in the numbers', () => {
    const rig = new Rig().live();
    expect(rig.dispatch('MESSAGE_CREATE', 90)).toEqual([
      { kind: 'dispatch', t: 'MESSAGE_CREATE', d: {} },
    ]);
    expect(rig.state.seq).toBe(90);
  });

  it('beats in time with the last number it has seen', () => {
    const rig = new Rig().live();
    rig.dispatch('TYPING_START', 12);
    expect(rig.sleepUntilWake()).toEqual([{ kind: 'send', frame: { op: 1, d: 12 } }]);
  });

  it('hangs up on a peer that does not acknowledge, and resumes', () => {
    const rig = new Rig().live();
    rig.sleepUntilWake();
    expect(rig.sleepUntilWake()).toEqual([{ kind: 'close', code: 4000 }]);
    expect(rig.sleepUntilWake()).toEqual([{ kind: 'dial' }]);
    const [resume] = rig.hello();
    const d = { token: '', session_id: 'one', seq: 7 };
    expect(resume).toEqual({ kind: 'send', frame: { op: 6, d } });
    rig.dispatch('RESUMED', 9);
    expect(rig.state).toMatchObject({ phase: 'live', attempt: 0 });
  });

  it('gives up on a server that never says hello', () => {
    const rig = new Rig();
    rig.give({ kind: 'start' });
    rig.give({ kind: 'opened' });
    expect(rig.sleepUntilWake()).toEqual([{ kind: 'close', code: 4000 }]);
    expect(rig.state.phase).toBe('waiting');
  });

  it('resumes when the count of dispatches says that one was lost', () => {
    const rig = new Rig().live();
    rig.dispatch('MESSAGE_CREATE', 8);
    expect(rig.frame({ op: 11, d: { dispatches: 2 } })).toEqual([]);
    expect(rig.frame({ op: 11, d: { dispatches: 3 } })).toEqual([{ kind: 'close', code: 4000 }]);
    rig.sleepUntilWake();
    expect(sent(rig.hello())).toEqual([6]);
  });

  it('does not chase a count that a replay has shifted', () => {
    const rig = new Rig().live();
    rig.give({ kind: 'closed', code: 1006 });
    rig.sleepUntilWake();
    rig.hello();
    rig.dispatch('MESSAGE_CREATE', 8);
    rig.dispatch('RESUMED', 9);
    expect(sent(rig.sleepUntilWake())).toEqual([1]);
    expect(rig.frame({ op: 11, d: { dispatches: 40 } })).toEqual([]);
    rig.dispatch('MESSAGE_CREATE', 10);
    expect(rig.frame({ op: 11, d: { dispatches: 41 } })).toEqual([]);
    expect(rig.frame({ op: 11, d: { dispatches: 42 } })).toHaveLength(1);
  });

  it('waits longer with every failure, but never too long', () => {
    const rig = new Rig().live();
    const waits: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const before = rig.nowMs;
      rig.give({ kind: 'closed', code: 1006 });
      expect(rig.sleepUntilWake()).toEqual([{ kind: 'dial' }]);
      waits.push(rig.nowMs - before);
    }
    expect(waits[0]).toBeLessThan(600);
    expect(waits.at(-1)).toBeLessThanOrEqual(15_000);
    expect([...waits].sort((a, b) => a - b)).toEqual(waits);
  });

  it('dials at once when the network is back', () => {
    const rig = new Rig().live();
    rig.give({ kind: 'closed', code: 1006 });
    expect(rig.give({ kind: 'online' })).toEqual([{ kind: 'dial' }]);
    expect(rig.give({ kind: 'online' })).toEqual([]);
  });

  it('identifies anew on the same socket when the session is invalid', () => {
    const rig = new Rig().live();
    rig.give({ kind: 'closed', code: 1006 });
    rig.sleepUntilWake();
    rig.hello();
    expect(rig.frame({ op: 9, d: false })).toEqual([]);
    expect(rig.state.sessionId).toBeNull();
    expect(sent(rig.sleepUntilWake())).toEqual([2]);
  });

  it('takes the session up again when told to reconnect', () => {
    const rig = new Rig().live();
    expect(rig.frame({ op: 7 })).toEqual([{ kind: 'close', code: 4000 }]);
    rig.sleepUntilWake();
    expect(sent(rig.hello())).toEqual([6]);
  });

  it('is over when the server does not know us any more', () => {
    const rig = new Rig().live();
    expect(rig.give({ kind: 'closed', code: 4004 })).toEqual([{ kind: 'refused' }]);
    expect(rig.state.phase).toBe('over');
    expect(wakeAtMs(rig.state)).toBeNull();
  });

  it('forgets a session that the server has let go', () => {
    const rig = new Rig().live();
    rig.give({ kind: 'closed', code: 4009 });
    rig.sleepUntilWake();
    expect(sent(rig.hello())).toEqual([2]);
  });

  it('ignores the last words of a socket it has left', () => {
    const rig = new Rig().live();
    rig.give({ kind: 'closed', code: 1006 });
    expect(rig.dispatch('MESSAGE_CREATE', 50)).toEqual([]);
    expect(rig.state.seq).toBe(7);
  });
});
