// `<greenroom-people>`: everyone who may talk to the bot, over all channels, and everyone who did.

import { html, nothing, live } from '../lit.js';
import { Plain } from '../core/element.js';
import { Resource } from '../core/resource.js';
import { icon } from '../core/icons.js';
import { plural, words } from '../core/format.js';
import { country, grouped } from '../core/phone.js';
import { access } from '../parts/explain.js';
import { empty, head, shown, to } from '../parts/ui.js';

/** @typedef {{person: number, channel: string, name?: string, addresses: string[], email?: string, last_activity_ms: number, conversations: number[]}} Person */
/** @typedef {{entry: string, channel?: string, session?: string, account?: string, origin: string}} Row */

class People extends Plain {
  static properties = { sought: { state: true }, asked: { state: true } };

  constructor() {
    super();
    this.sought = '';
    /** Who was asked about last, and what was said. @type {{who: string, places: import('../parts/explain.js').Place[]} | null} */
    this.asked = null;
    this.list = new Resource(this, () => this.portal, (api) => api.get('/allow'));
    this.wrote = new Resource(this, () => this.portal, (api) => api.get('/people'), ['counts']);
  }

  /** An entry with all the places where it holds. @param {Row[]} rows */
  gathered(rows) {
    /** @type {Map<string, Row[]>} */
    const by = new Map();
    for (const row of rows) by.set(row.entry, [...(by.get(row.entry) || []), row]);
    return [...by].sort(([a], [b]) => a.localeCompare(b));
  }

  /** @param {Row} row */
  place(row) {
    const session = row.session ?? row.account;
    return row.channel
      ? html`<a class="place" href=${to('channels', row.channel)} title=${row.origin}>${words(row.channel)}</a>`
      : html`<span class="place" title=${row.origin}>${session}</span>`;
  }

  /** Which rule admits or refuses whoever stands in the search field. */
  explain() {
    const who = this.sought.trim().replace(/\s/g, '');
    return this.act(async () => {
      const told = await this.portal.api.get(`/access/explain?who=${encodeURIComponent(who)}`);
      this.asked = { who: told.who, places: told.places };
    });
  }

  /** @param {Row[]} rows */
  all(rows) {
    if (!rows.length) return empty('people', 'No one may talk to the bot', 'Until a list has an entry, every message is ignored. Add people on the page of a channel.', html`<a class="button primary" href="#/channels">Choose a channel</a>`);
    const sought = this.sought.trim().toLowerCase().replace(/\s/g, '');
    const found = this.gathered(rows).filter(([entry]) => entry.toLowerCase().includes(sought));
    return html`
      <search class="search">${icon('search')}<input class="input" type="search" aria-label="Search people" placeholder="Search by number" .value=${live(this.sought)}
        @input=${(/** @type {any} */ event) => { this.sought = event.target.value; this.asked = null; }}></search>
      ${/^(\+|@|lid:|bsuid:|group:)./.test(sought) ? html`<div class="filters"><button class="button small" ?disabled=${this.busy} @click=${() => this.explain()}>Which rule decides?</button></div>` : nothing}
      ${this.asked ? access(this.asked.places) : nothing}
      ${found.length ? html`<ul class="panel rows">${found.map(([entry, places]) => html`
        <li><div><p class="entry-name"><bdi>${grouped(entry)}</bdi></p><p class="fine">${[country(entry.startsWith('+') ? entry : ''), places.map(({ origin }) => origin).filter((origin, at, all) => all.indexOf(origin) === at).join(', ')].filter(Boolean).join(' · ')}</p></div>
          <div class="places">${places.map((row) => this.place(row))}</div></li>`)}</ul>` : html`<p class="none" role="status">Nothing found.</p>`}`;
  }

  /** One who wrote, with everything that they are known by. @param {Person} person */
  known(person) {
    const [phone] = person.addresses.filter((address) => address.startsWith('+'));
    const title = person.name || grouped(phone || person.addresses[0] || '');
    const others = person.addresses.filter((address) => address !== phone).map(grouped).filter((address) => address !== title);
    return html`
      <li><div><p class="entry-name"><bdi>${title}</bdi></p>
          <p class="fine"><bdi>${[person.name && phone ? grouped(phone) : '', ...others, person.email ? `${person.email}, proven` : ''].filter(Boolean).join(' · ') || words(person.channel)}</bdi></p></div>
        <div class="places">${person.conversations.map((number) => html`<a class="place" href=${to('conversations', number)}>${words(person.channel)}<span class="hidden"> conversation ${number}</span></a>`)}</div></li>`;
  }

  /** @param {{items: Person[], more: boolean}} people */
  writers({ items, more }) {
    const sought = this.sought.trim().toLowerCase().replace(/\s/g, '');
    const found = items.filter((person) => `${person.name || ''}${person.addresses.join('')}${person.email || ''}`.toLowerCase().replace(/\s/g, '').includes(sought));
    return html`
      <h2 class="section" id="${this.ids}-wrote">Who wrote</h2>
      ${found.length ? html`<ul class="panel rows" aria-labelledby="${this.ids}-wrote">${found.map((person) => this.known(person))}</ul>` : html`<p class="none">${items.length ? 'Nothing found.' : 'No one has written yet.'}</p>`}
      ${more ? html`<p class="fine">Those who wrote long ago are not shown.</p>` : nothing}`;
  }

  render() {
    const rows = this.list.value;
    return html`${head('People', rows?.length ? `${plural(this.gathered(rows).length, 'entry', 'entries')} on your lists. Only they are answered.` : 'Who may talk to the bot')}${shown(this.list, (value) => this.all(value))}${shown(this.wrote, (value) => this.writers(value))}`;
  }
}
customElements.define('greenroom-people', People);
