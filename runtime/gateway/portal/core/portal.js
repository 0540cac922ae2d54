// What every screen is handed: the API, the events, who is logged in, and a way to say something.

import { Live } from './live.js';

/** @typedef {{text: string, undo?: () => void, kind?: 'good'|'bad'}} Said */

/** The name of the business channel that comes to be by its set-up. */
export const NEW_BUSINESS = 'whatsapp';

export class Portal {
  /** @param {import('./api.js').Api} api */
  constructor(api) {
    this.api = api;
    this.live = new Live(api);
    /** @type {import('./types.js').Me | null} */
    this.me = null;
    /** How many messages there were today, as the events tell it. @type {Map<string, {answered: number, refused: number}>} */
    this.counts = new Map();
    this.live.listen(({ kind, data }) => kind === 'counts' && data.session && this.counts.set(data.session, data));
    /** Shows a line that goes away. @type {(said: Said) => void} */
    this.say = () => {};
    /** Says something to screen readers only. @type {(text: string) => void} */
    this.announce = () => {};
  }

  /** Whether a scope is held. Where that is not known, the server decides. @param {string} scope */
  may(scope) {
    return !this.me || this.me.scopes.includes(scope) || this.me.scopes.includes('admin');
  }

  /** Answers and refusals of today, where they are known. @param {import('./types.js').Session} session */
  today(session) {
    const told = this.counts.get(session.session);
    return { answered: told?.answered ?? session.answered_today, refused: told?.refused ?? session.refused_today };
  }

  /** Whether the lists and addresses of channels are this owner's: of the one who runs the server. Others have lists of their sessions. */
  get ownsChannels() {
    return !this.me || this.me.owner === 'local' || this.me.scopes.includes('admin');
  }

  /** The server's time, in milliseconds. */
  now() {
    return this.api.now();
  }
}
