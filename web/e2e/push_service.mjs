/** The push service of a browser, played on this machine: it takes what the server sends, and reads
 *  it with the keys that only the browser has (RFC 8030, 8188, 8291, 8292). */
import {
  createDecipheriv,
  createECDH,
  createPublicKey,
  hkdfSync,
  randomBytes,
  verify,
} from 'node:crypto';
import { createServer } from 'node:http';
import { strict as assert } from 'node:assert';

const url = (bytes) => Buffer.from(bytes).toString('base64url');
const hkdf = (salt, secret, info, length) =>
  Buffer.from(hkdfSync('sha256', secret, salt, info, length));

export async function startPushService() {
  const service = new PushService();
  await new Promise((resolve) => service.server.listen(0, '127.0.0.1', resolve));
  service.endpoint = `http://127.0.0.1:${service.server.address().port}/push/one`;
  return service;
}

class PushService {
  /** What came, read. */
  told = [];
  #keys = createECDH('prime256v1');
  #auth = randomBytes(16);
  /** how the next ones are answered */
  status = 201;

  constructor() {
    this.#keys.generateKeys();
    this.server = createServer((request, response) => {
      const parts = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => {
        this.told.push({ headers: request.headers, body: Buffer.concat(parts) });
        response.writeHead(this.status).end();
      });
    });
  }

  /** As a browser writes its subscription down. */
  subscription() {
    const keys = { p256dh: url(this.#keys.getPublicKey()), auth: url(this.#auth) };
    return { endpoint: this.endpoint, expirationTime: null, keys };
  }

  /** The next push; fails when none comes. */
  async next() {
    for (let tries = 0; tries < 200 && !this.told.length; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const one = this.told.shift();
    assert.ok(one, 'no push came');
    return { headers: one.headers, text: this.#read(one.body) };
  }

  /** RFC 8188 with the keys of RFC 8291: salt, record size, the sender's key, one record. */
  #read(body) {
    const salt = body.subarray(0, 16);
    const theirs = body.subarray(21, 21 + body[20]);
    const sealed = body.subarray(21 + body[20]);
    const secret = this.#keys.computeSecret(theirs);
    const ours = this.#keys.getPublicKey();
    const about = Buffer.concat([Buffer.from('WebPush: info\0'), ours, theirs]);
    const input = hkdf(this.#auth, secret, about, 32);
    const key = hkdf(salt, input, 'Content-Encoding: aes128gcm\0', 16);
    const nonce = hkdf(salt, input, 'Content-Encoding: nonce\0', 12);
    const decipher = createDecipheriv('aes-128-gcm', key, nonce);
    decipher.setAuthTag(sealed.subarray(-16));
    const padded = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    return padded.subarray(0, padded.lastIndexOf(2)).toString();
  }

  /** Whether the server signed for this service with the key it gave to the page. */
  assertSigned(headers, publicKey) {
    const [, token, key] = /^vapid t=([^,]+), ?k=(.+)$/.exec(headers.authorization);
    assert.equal(key, publicKey);
    const [head, claims, signature] = token.split('.');
    const { aud, exp } = JSON.parse(Buffer.from(claims, 'base64url'));
    assert.equal(aud, new URL(this.endpoint).origin);
    assert.ok(exp * 1_000 > Date.now() && exp * 1_000 < Date.now() + 24 * 3_600_000);
    const point = Buffer.from(publicKey, 'base64url');
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map(url);
    const known = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
    const signed = Buffer.from(`${head}.${claims}`);
    const how = { key: known, dsaEncoding: 'ieee-p1363' };
    assert.ok(verify('sha256', signed, how, Buffer.from(signature, 'base64url')));
  }

  close() {
    return new Promise((resolve) => this.server.close(resolve));
  }
}
