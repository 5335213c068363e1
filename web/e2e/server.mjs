/** The real server on a free port with a data folder of its own; it can be killed and come back. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const READY_MS = 20_000;

/** `limits`: set apart from what every journey needs. */
export async function startServer(limits = {}) {
  const binary =
    process.env.OSC_BIN ?? new URL('../../target/debug/opensrcchat', import.meta.url).pathname;
  const data = await mkdtemp(join(tmpdir(), 'osc-e2e-'));
  const port = await freePort();
  const server = new Server(binary, data, port, limits);
  await server.start();
  return server;
}

class Server {
  #child = null;
  log = '';

  constructor(binary, data, port, limits) {
    this.limits = limits;
    this.binary = binary;
    this.data = data;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  async start() {
    // One machine plays everybody here, faster than people are.
    const config = join(this.data, 'e2e.toml');
    const limits = [
      'messages_per_5s',
      'requests_per_second',
      'writes_per_10s',
      'reads_per_10s',
      'guests_per_10min',
      'accounts_per_hour',
    ];
    const all = { ...Object.fromEntries(limits.map((name) => [name, 2_000])), ...this.limits };
    const raised = Object.entries(all).map(([name, most]) => `${name} = ${most}\n`);
    // Push services of browsers are played by the journeys too.
    await writeFile(config, `outbound_private = true\n\n[limits]\n${raised.join('')}`);
    const listen = `127.0.0.1:${this.port}`;
    const args = ['serve', '--listen', listen, '--data', this.data, '--config', config];
    const child = spawn(this.binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (piece) => (this.log += piece));
    }
    child.on('exit', () => (child.gone = true));
    const until = Date.now() + READY_MS;
    while (Date.now() < until) {
      if (child.gone) throw new Error(`the server ended at once:\n${this.log}`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => null);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the server did not become ready:\n${this.log}`);
  }

  /** Ends the process and waits for it. */
  async stop(signal = 'SIGTERM') {
    const child = this.#child;
    if (!child || child.gone) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  /** What `opensrcchat admin …` prints beside the running server. */
  async admin(...args) {
    const run = promisify(execFile);
    const { stdout } = await run(this.binary, ['admin', ...args, '--data', this.data]);
    return stdout.trim();
  }

  async close() {
    await this.stop();
    await rm(this.data, { recursive: true, force: true });
  }
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
