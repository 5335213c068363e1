/** Calls to the server. The cookie says who we are; the header shows that our own page is asking,
 *  which a form or image of another site cannot send. */

import { said, t } from '../lib/i18n';

export class ApiError extends Error {
  constructor(
    /** 0: the server could not be reached */
    readonly status: number,
    readonly code: number,
    message: string,
    readonly fields: Record<string, string> = {},
    readonly retryAfterMs = 0,
    /** all that the answer said */
    readonly data: object = {},
  ) {
    super(message);
    this.name = 'ApiError';
  }

  get offline(): boolean {
    return this.status === 0;
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export const V10 = '/api/v10';
export const OSC = '/api/osc/v1';
export const CLIENT_HEADER = { 'X-Osc-Client': 'web' } as const;

const PATIENCE_MS = 5_000;
const TRIES = 3;

export const get = <T>(path: string) => call<T>('GET', path);
export const post = <T>(path: string, body?: unknown) => call<T>('POST', path, body);
/** `reason`: why, for the record of the room. */
export const put = <T>(path: string, body?: unknown, reason = '') =>
  call<T>('PUT', path, body, reason);
export const patch = <T>(path: string, body: unknown) => call<T>('PATCH', path, body);
export const del = <T>(path: string, body?: unknown, reason = '') =>
  call<T>('DELETE', path, body, reason);

async function call<T>(method: string, path: string, body?: unknown, reason = ''): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await once<T>(method, path, body, reason);
    } catch (error) {
      const wait = error instanceof ApiError && error.status === 429 ? error.retryAfterMs : 0;
      if (!wait || wait > PATIENCE_MS || tries >= TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

async function once<T>(method: string, path: string, body: unknown, reason: string): Promise<T> {
  const headers: Record<string, string> = { ...CLIENT_HEADER, Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (reason) headers['X-Audit-Log-Reason'] = encodeURIComponent(reason);
  const init: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' };
  if (body !== undefined) init.body = JSON.stringify(body);
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw unreachable();
  }
  const text = await response.text().catch(() => '');
  return answer<T>(response.status, text);
}

export function unreachable(): ApiError {
  return new ApiError(
    0,
    0,
    t('The server cannot be reached. Check your connection and try again.'),
  );
}

/** The body of an answer, or the error it describes. */
export function answer<T>(status: number, text: string): T {
  let data: unknown = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    data = null; // an error page of a proxy in between
  }
  if (status >= 200 && status < 300) return data as T;
  const error = (data ?? {}) as {
    code?: number;
    message?: string;
    errors?: unknown;
    retry_after?: number;
  };
  const fields = flatten(error.errors);
  const message =
    Object.values(fields)[0] ??
    (error.message
      ? said(error.message)
      : t('The server answered {status}.', { status: String(status) }));
  const retryAfterMs = Math.ceil((error.retry_after ?? 0) * 1000);
  throw new ApiError(status, error.code ?? 0, message, fields, retryAfterMs, error);
}

/** `{username: {_errors: [{message}]}}` -> `{username: message}`, paths joined by dots. */
export function flatten(tree: unknown, path = ''): Record<string, string> {
  const found: Record<string, string> = {};
  if (!tree || typeof tree !== 'object') return found;
  for (const [key, value] of Object.entries(tree)) {
    if (key === '_errors' && Array.isArray(value)) {
      const first = value[0] as { message?: unknown } | undefined;
      if (typeof first?.message === 'string') found[path] = said(first.message);
    } else {
      Object.assign(found, flatten(value, path ? `${path}.${key}` : key));
    }
  }
  return found;
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
