// Where the entries of an allow-list are: on the server, or here until an account is made that they are for.

import { part } from './api.js';

/** @typedef {import('./types.js').Entry} Entry */

/** The list of a channel or of a session. */
export class ServerList {
  /** @param {import('./portal.js').Portal} portal @param {string} place `/channels/front` or `/sessions/acc-1` */
  constructor(portal, place) {
    this.portal = portal;
    this.place = place;
  }
  /** @returns {Promise<Entry[]>} */
  all() {
    return this.portal.api.get(`${this.place}/allow`);
  }
  /** @param {string} entry */
  add(entry) {
    return this.portal.api.put(`${this.place}/allow/${part(entry)}`);
  }
  /** @param {string} entry */
  take(entry) {
    return this.portal.api.del(`${this.place}/allow/${part(entry)}`);
  }
}

/** Entries that go along when an account is linked: owners who do not run the server have lists of their accounts only. */
export class DraftList {
  /** @type {string[]} */
  entries = [];
  /** @returns {Promise<Entry[]>} */
  async all() {
    return this.entries.map((entry) => ({ entry, origin: 'added now', removable: true }));
  }
  /** @param {string} entry */
  async add(entry) {
    if (!this.entries.includes(entry)) this.entries.push(entry);
  }
  /** @param {string} entry */
  async take(entry) {
    this.entries = this.entries.filter((known) => known !== entry);
  }
}
