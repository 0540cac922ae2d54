// A token that the surrounding application hands out: fetched when it is needed, and once more when it is refused or about to end.

import { Problem } from './api.js';

/** A token is replaced when it ends within this time, in milliseconds. */
const ENDING = 30_000;

/** When a token ends, as it says itself; the gateway is who checks it. @param {string} token */
function endOf(token) {
  try {
    const claims = JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')));
    return typeof claims.exp === 'number' ? claims.exp * 1_000 : Infinity;
  } catch {
    return Infinity;
  }
}

export class BearerAccess {
  /** @param {() => string} address where a token comes from: an address of the application, asked with its own cookies */
  constructor(address) {
    this.address = address;
    /** @type {RequestCredentials} */
    this.credentials = 'omit';
    this.token = '';
    this.end = 0;
  }

  /** @returns {Promise<Record<string, string>>} */
  async headers() {
    if (!this.token || this.end - Date.now() < ENDING) await this.fresh();
    return { Authorization: `Bearer ${this.token}` };
  }

  /** A refused token is replaced once; where the new one is the same, that is the answer. */
  async renew() {
    const before = this.token;
    await this.fresh();
    return this.token !== before;
  }

  /** Several requests at the same time cause one. */
  fresh() {
    this.fetching ||= this.fetch().finally(() => (this.fetching = undefined));
    return this.fetching;
  }

  async fetch() {
    const failed = (/** @type {string} */ why) => new Problem({ code: 'no-token', title: 'no token', detail: `this page got no token for the gateway: ${why}` });
    const response = await fetch(this.address(), { credentials: 'same-origin', cache: 'no-store', headers: { Accept: 'application/json, text/plain' } })
      .catch(() => { throw failed('its token-url does not answer'); });
    if (!response.ok) throw failed(`its token-url answered ${response.status}`);
    const text = (await response.text()).trim();
    let token = text;
    if (text.startsWith('{')) {
      try {
        token = JSON.parse(text).token || '';
      } catch {
        throw failed('its token-url answered something that cannot be read');
      }
    }
    if (!/^[\w.~+/=-]+$/.test(token)) throw failed('its token-url answered something else than a token');
    this.token = token;
    this.end = endOf(token);
  }
}
