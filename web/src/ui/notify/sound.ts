/** Small tones, made here: no files to fetch, no codec to miss. */
import { device } from '../device.svelte';

export type Tone = 'message' | 'mention' | 'direct';

/** Hertz and when it begins, in seconds. */
const NOTES: Record<Tone, readonly [number, number][]> = {
  message: [[587, 0]],
  mention: [
    [659, 0],
    [880, 0.09],
  ],
  direct: [
    [523, 0],
    [659, 0.08],
    [784, 0.16],
  ],
};
const LENGTH_S = 0.22;
const LOUDEST = 0.25;
/** Many messages at once are one sound. */
const PAUSE_MS = 900;

let context: AudioContext | null = null;
let lastAt = 0;

/** As a message would sound; quiet when sounds are off or the browser forbids them. */
export function ring(tone: Tone, nowMs = Date.now()): void {
  if (!device.now.sounds || nowMs - lastAt < PAUSE_MS) return;
  lastAt = nowMs;
  play(tone);
}

/** Plays in any case: for the test button. */
export function play(tone: Tone): void {
  try {
    context ??= new AudioContext();
    void context.resume();
    for (const [hertz, delay] of NOTES[tone]) strike(context, hertz, delay);
  } catch {
    // no sound device, or none allowed before the first click
  }
}

function strike(audio: AudioContext, hertz: number, delay: number): void {
  const start = audio.currentTime + delay;
  const loud = (device.now.volume / 100) ** 2 * LOUDEST;
  if (loud <= 0) return;
  const source = audio.createOscillator();
  const gain = audio.createGain();
  source.type = 'sine';
  source.frequency.value = hertz;
  gain.gain.setValueAtTime(0.0001, start);
  gain.gain.exponentialRampToValueAtTime(loud, start + 0.012);
  gain.gain.exponentialRampToValueAtTime(0.0001, start + LENGTH_S);
  source.connect(gain).connect(audio.destination);
  source.start(start);
  source.stop(start + LENGTH_S);
}
