/** A bot for journeys: in a room, with commands, answering over the gateway as bots do. */
import WebSocket from 'ws';
import { call } from './pen.mjs';

export class Bot {
  #socket = null;
  #beat = null;

  constructor(url, id, token) {
    Object.assign(this, { url, id, token, answers: {} });
  }

  /** Made by somebody with an account, and put into the room they own. */
  static async join(town, owner, name, commands, answers) {
    const made = await call(owner, 'POST', '/api/osc/v1/bots', { name });
    const guilds = await call(owner, 'GET', '/api/v10/users/@me/guilds');
    const path = `/api/osc/v1/guilds/${guilds.at(-1).id}/bots/${made.user.id}`;
    await call(owner, 'PUT', path, { permissions: '0' });
    const bot = new Bot(town.server.url, made.user.id, made.token);
    bot.answers = answers;
    await bot.request('PUT', `/applications/${bot.id}/commands`, commands);
    await bot.#listen();
    return bot;
  }

  async request(method, path, body) {
    const answer = await fetch(`${this.url}/api/v10${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', Authorization: `Bot ${this.token}` },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  #listen() {
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}/gateway?v=10&encoding=json`);
    this.#socket = socket;
    const send = (op, d) => socket.send(JSON.stringify({ op, d }));
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (data) => {
        const { op, t, d } = JSON.parse(data);
        if (op === 10) {
          this.#beat = setInterval(() => send(1, null), d.heartbeat_interval);
          send(2, { token: this.token, intents: 1, properties: {} });
        }
        if (t === 'READY') resolve();
        if (t === 'INTERACTION_CREATE') void this.#answer(d);
      });
    });
  }

  /** By the name of the command, or of what was pressed; nothing: it stays silent. */
  async #answer(interaction) {
    const { data, id, token } = interaction;
    const answer = this.answers[data.name ?? data.custom_id];
    const reply = answer?.(interaction);
    if (!reply) return;
    const { later, ...now } = reply;
    await this.request('POST', `/interactions/${id}/${token}/callback`, now);
    if (later)
      await this.request('PATCH', `/webhooks/${this.id}/${token}/messages/@original`, later);
  }

  leave() {
    clearInterval(this.#beat);
    this.#socket?.close();
  }
}
