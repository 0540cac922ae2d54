// Requests to the gateway. Every refusal becomes a `Problem`; how a request proves who it is stands in the `Access` that is handed in.

/** How long a request that is not a long poll may take, in milliseconds. */
const REQUEST_TIMEOUT = 20_000;
/** How long a long poll may take: the server answers within half a minute. */
const POLL_TIMEOUT = 60_000;

/** A request that was refused, or that did not arrive. */
export class Problem extends Error {
  /** @param {Partial<import('./types.js').ProblemBody>} body */
  constructor(body) {
    super(body.detail || body.title || 'the request failed');
    this.name = 'Problem';
    /** A word that does not change, such as `last-number`. */
    this.code = body.code || 'unknown';
    this.status = body.status || 0;
    this.title = body.title || '';
    this.detail = body.detail || body.title || '';
    this.next = body.next || null;
    this.warning = body.warning || null;
    this.count = body.count;
    this.limit = body.limit;
    /** Values that are wrong, where several were sent. */
    this.fields = body.fields || [];
    /** Names the request in the server's log, where the server says it. */
    this.request = body.request || '';
  }
}

/** What went wrong, in a sentence for people. @param {unknown} error */
export function sentence(error) {
  if (!(error instanceof Problem)) console.error(error);
  if (!(error instanceof Problem)) return 'This page met a state that it does not know. Reload it, and report it if that does not help.';
  const text = error.detail || error.title;
  const said = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(said) ? said : `${said}.`;
}

/** A cookie proves who asks; what changes something carries the token of the log-in as well. */
export class CookieAccess {
  csrf = '';
  /** @type {RequestCredentials} */
  credentials = 'same-origin';
  /** @param {string} method @returns {Promise<Record<string, string>>} */
  async headers(method) {
    return method === 'GET' || !this.csrf ? {} : { 'X-CSRF-Token': this.csrf };
  }
  /** Another tab may have logged in anew since. */
  async renew() {
    const response = await fetch('/api/v1/me', { credentials: this.credentials, cache: 'no-store' }).catch(() => null);
    const me = response?.ok ? await response.json().catch(() => null) : null;
    if (!me?.csrf || me.csrf === this.csrf) return false;
    this.csrf = me.csrf;
    return true;
  }
}

/** The API at one address. */
export class Api {
  /** @param {string} base the gateway, such as `https://bot.example.com`; empty for the page's own origin
   *  @param {{credentials: RequestCredentials, headers(method: string): Promise<Record<string, string>>, renew(): Promise<boolean>}} access */
  constructor(base, access) {
    this.base = base.replace(/\/+$/, '');
    this.access = access;
    /** How far the server's clock is ahead of this one, in milliseconds, as far as it is known. */
    this.ahead = 0;
    /** Called when the server no longer knows who asks. @type {() => void} */
    this.locked = () => {};
  }

  /** The server's time. */
  now() {
    return Date.now() + this.ahead;
  }

  /** @param {string} path @param {AbortSignal} [signal] @returns {Promise<any>} */
  get(path, signal) {
    return this.ask('GET', path, { signal });
  }
  /** An answer that may take its time. @param {string} path @param {AbortSignal} [signal] @returns {Promise<any>} */
  poll(path, signal) {
    return this.ask('GET', path, { signal, timeout: POLL_TIMEOUT });
  }
  /** @param {string} path @param {unknown} [body] @param {Record<string, string>} [headers] @returns {Promise<any>} */
  post(path, body, headers) {
    return this.ask('POST', path, { body: body ?? {}, headers });
  }
  /** @param {string} path @param {unknown} [body] @returns {Promise<any>} */
  put(path, body) {
    return this.ask('PUT', path, { body: body ?? {} });
  }
  /** @param {string} path @returns {Promise<any>} */
  del(path) {
    return this.ask('DELETE', path, {});
  }

  /** @param {string} method @param {string} path
   *  @param {{body?: unknown, headers?: Record<string, string>, signal?: AbortSignal, timeout?: number}} how @returns {Promise<any>} */
  async ask(method, path, how) {
    let response = await this.send(method, path, how);
    if (response.ok) return body(response);
    let problem = await refusal(response);
    if ((problem.status === 401 || problem.code === 'csrf') && (await this.access.renew())) {
      response = await this.send(method, path, how);
      if (response.ok) return body(response);
      problem = await refusal(response);
    }
    // A log-in that fails says so itself.
    if (problem.status === 401 && path !== '/login') this.locked();
    throw problem;
  }

  /** The bare response. @param {string} method @param {string} path
   *  @param {{body?: unknown, headers?: Record<string, string>, signal?: AbortSignal, timeout?: number, accept?: string}} how */
  async send(method, path, how) {
    const headers = { Accept: how.accept || 'application/json', ...(await this.access.headers(method)), ...how.headers };
    if (how.body !== undefined) headers['Content-Type'] = 'application/json';
    const limit = how.timeout === Infinity ? [] : [AbortSignal.timeout(how.timeout || REQUEST_TIMEOUT)];
    const signal = AbortSignal.any([...limit, ...(how.signal ? [how.signal] : [])]);
    try {
      const response = await fetch(`${this.base}/api/v1${path}`, {
        method, headers, signal,
        body: how.body === undefined ? undefined : JSON.stringify(how.body),
        credentials: this.access.credentials, cache: 'no-store', redirect: 'error', referrerPolicy: 'no-referrer',
      });
      const date = Date.parse(response.headers.get('Date') || '');
      // The header counts whole seconds, so a small difference says nothing.
      if (date) this.ahead = Math.abs(date - Date.now()) > 1_500 ? date - Date.now() : 0;
      return response;
    } catch (error) {
      if (how.signal?.aborted) throw error;
      throw new Problem({ code: 'unreachable', title: 'Greenroom does not answer', detail: 'Greenroom does not answer. Is the server running, and is this machine connected?' });
    }
  }
}

/** @param {Response} response */
async function body(response) {
  if (response.status === 204) return null;
  const text = await response.text();
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem({ status: response.status, code: 'unreadable', detail: 'what came is not an answer of Greenroom; is a proxy in between?' });
  }
}

/** @param {Response} response */
async function refusal(response) {
  const request = response.headers.get('X-Request-Id') || '';
  const known = await response.json().catch(() => null);
  const given = known && typeof known === 'object' ? known : { title: `the server answered ${response.status}` };
  return new Problem({ ...given, status: response.status, request });
}

/** A part of a path. @param {unknown} part */
export const part = (part) => encodeURIComponent(String(part));
