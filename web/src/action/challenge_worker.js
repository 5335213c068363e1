// Finds a number whose SHA-256, behind the token, begins with enough zero bits. FIPS 180-4, by
// hand: the browser's own digest waits for a promise each time, which takes far longer than this.

const K = new Int32Array(64);
const FIRST = new Int32Array(8);
{
  // Fractional parts of the roots of the first primes.
  const part = (root) => ((root - Math.floor(root)) * 2 ** 32) | 0;
  for (let n = 2, at = 0; at < 64; n += 1) {
    let prime = true;
    for (let by = 2; by * by <= n; by += 1) if (n % by === 0) prime = false;
    if (!prime) continue;
    K[at] = part(Math.cbrt(n));
    if (at < 8) FIRST[at] = part(Math.sqrt(n));
    at += 1;
  }
}

const w = new Int32Array(64);
const turn = (x, n) => (x >>> n) | (x << (32 - n));

function block(state, words, from) {
  for (let i = 0; i < 16; i += 1) w[i] = words[from + i];
  for (let i = 16; i < 64; i += 1) {
    const a = w[i - 15];
    const b = w[i - 2];
    const s0 = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
    const s1 = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = (state[0] + a) | 0;
  state[1] = (state[1] + b) | 0;
  state[2] = (state[2] + c) | 0;
  state[3] = (state[3] + d) | 0;
  state[4] = (state[4] + e) | 0;
  state[5] = (state[5] + f) | 0;
  state[6] = (state[6] + g) | 0;
  state[7] = (state[7] + h) | 0;
}

/** The first 32 bits of the digest are enough: nobody is asked for more zeros. */
export function first32(text) {
  const length = text.length; // ASCII
  const words = new Int32Array((((length + 8) >> 6) + 1) * 16);
  for (let i = 0; i < length; i += 1) words[i >> 2] |= text.charCodeAt(i) << (24 - (i % 4) * 8);
  words[length >> 2] |= 0x80 << (24 - (length % 4) * 8);
  words[words.length - 1] = length * 8;
  const state = Int32Array.from(FIRST);
  for (let from = 0; from < words.length; from += 16) block(state, words, from);
  return state[0];
}

export function solve(token, difficulty, onprogress) {
  for (let n = 0; ; n += 1) {
    if (Math.clz32(first32(`${token}:${n}`)) >= difficulty) return String(n);
    if (n % 4096 === 4095) onprogress(n);
  }
}

if (typeof WorkerGlobalScope !== 'undefined') {
  self.onmessage = ({ data }) => {
    const done = solve(data.token, data.difficulty, (tried) => self.postMessage({ tried }));
    self.postMessage({ done });
  };
}
