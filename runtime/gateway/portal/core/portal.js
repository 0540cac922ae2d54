// What every screen is handed: the API, the events, who is logged in, and a way to say something.

import { Live } from './live.js';

/** @typedef {{text: string, undo?: () => void, kind?: 'good'|'bad'}} Said */

export class Portal {
  /** @param {import('./api.js').Api} api */
  constructor(api) {
    this.api = api;
    this.live = new Live(api);
    /** @type {import('./types.js').Me | null} */
    this.me = null;
    /** Shows a line that goes away. @type {(said: Said) => void} */
    this.say = () => {};
    /** Says something to screen readers only. @type {(text: string) => void} */
    this.announce = () => {};
  }

  /** Whether a scope is held. Where that is not known, the server decides. @param {string} scope */
  may(scope) {
    return !this.me || this.me.scopes.includes(scope) || this.me.scopes.includes('admin');
  }

  /** The server's time, in milliseconds. */
  now() {
    return this.api.now();
  }
}
