// `<greenroom-waiting>`: messages that are held, quarantined or planned, and what can be done with them.

import { html, nothing } from '../lit.js';
import { Plain } from '../core/element.js';
import { Resource } from '../core/resource.js';
import { part } from '../core/api.js';
import { icon } from '../core/icons.js';
import { moment, plural } from '../core/format.js';
import { grouped } from '../core/phone.js';
import { age, badge, head, shown, to } from '../parts/ui.js';
import { confirm } from '../parts/confirm.js';

/** @type {Record<string, [string, string]>} */
const STATES = { held: ['bad', 'Held'], uncertain: ['wait', 'Uncertain'], waiting: ['busy', 'Waiting'] };

class Waiting extends Plain {
  constructor() {
    super();
    this.outbox = new Resource(this, () => this.portal, (api) => api.get('/outbox'), ['counts', 'failed']);
    this.quarantine = new Resource(this, () => this.portal, (api) => api.get('/quarantine'), ['counts']);
    this.wakes = new Resource(this, () => this.portal, (api) => api.get('/wakes'), ['counts']);
  }

  /** @param {() => Promise<string>} action what it says when it is done @param {Resource} list */
  run(action, list) {
    return this.act(async () => {
      const text = await action();
      this.portal.say({ text });
      await list.load();
    });
  }

  /** @param {any} row */
  async drop(row) {
    if (!(await confirm(this, { title: 'Drop this message?', text: html`<p>It will never be sent to ${grouped(row.chat)}.</p>`, action: 'Drop', danger: true }))) return;
    return this.run(async () => {
      await this.portal.api.post(`/outbox/${part(row.id)}/drop`);
      return 'The message was dropped';
    }, this.outbox);
  }

  /** @param {any[]} rows */
  unsent(rows) {
    const may = this.portal.may('control');
    return html`<ul class="rows">${rows.map((row) => html`
      <li><div><p>${badge(...(STATES[row.state] || ['idle', row.state]))} <strong><bdi>${grouped(row.chat)}</bdi></strong></p>
          <p class="fine">${row.kind} · ${row.reason}${row.until_ms ? ` · until ${moment(row.until_ms, this.portal.now())}` : nothing} · made ${age(row.made_at_ms, this.portal.now())} · ${plural(row.attempts, 'attempt')}</p></div>
        ${may && row.state !== 'waiting' ? html`<div class="row-actions">
          <button class="button small" ?disabled=${this.busy} @click=${() => this.run(async () => { await this.portal.api.post(`/outbox/${part(row.id)}/release`); return 'The message is sent now'; }, this.outbox)}>Send it</button>
          <button class="button small quiet" ?disabled=${this.busy} @click=${() => this.drop(row)}>Drop</button></div>` : nothing}</li>`)}</ul>`;
  }

  /** @param {any[]} rows */
  quarantined(rows) {
    return html`<ul class="rows">${rows.map((row) => html`
      <li><div><p><strong><bdi>${grouped(row.chat)}</bdi></strong> ${row.message ? html`<a class="fine" href=${to('why', row.message)}>why</a>` : nothing}</p><p class="fine">${row.reason} · ${age(row.at_ms, this.portal.now())}</p></div>
        ${this.portal.may('control') ? html`<button class="button small" ?disabled=${this.busy} @click=${() => this.run(async () => { await this.portal.api.post(`/quarantine/${part(row.sequence)}/release`); return 'The message is tried once more'; }, this.quarantine)}>Release</button>` : nothing}</li>`)}</ul>`;
  }

  /** @param {any[]} rows */
  planned(rows) {
    return html`<ul class="rows">${rows.map((row) => html`
      <li><div><p><strong>${row.token}</strong></p><p class="fine">${row.assistant} for <bdi>${grouped(row.chat)}</bdi> · due ${moment(row.at_ms, this.portal.now())}</p></div>
        ${this.portal.may('control') ? html`<button class="button small quiet" ?disabled=${this.busy} @click=${() => this.run(async () => { await this.portal.api.del(`/wakes/${part(row.number)}`); return 'The reminder was taken back'; }, this.wakes)}>Take back</button>` : nothing}</li>`)}</ul>`;
  }

  /** @param {string} title @param {string} lead @param {Resource} list @param {(rows: any[]) => unknown} draw @param {string} none @param {unknown} [action] */
  section(title, lead, list, draw, none, action) {
    return html`
      <section class="panel" aria-label=${title}>
        <div class="panel-head"><div class="panel-title"><h2>${title}</h2><p class="fine">${lead}</p></div>${list.value?.length ? action : nothing}</div>
        ${shown(list, (rows) => (rows.length ? draw(rows) : html`<p class="none">${icon('check')} ${none}</p>`))}
      </section>`;
  }

  render() {
    const all = this.portal.may('control') && this.outbox.value?.some((/** @type {any} */ row) => row.state === 'held')
      ? html`<button class="button small" ?disabled=${this.busy} @click=${() => this.run(async () => `${plural((await this.portal.api.post('/outbox/release')).released, 'message')} released`, this.outbox)}>Send all that are held</button>` : nothing;
    return html`
      ${head('Held and waiting', 'Messages that are not through yet, and those that need a decision of yours')}
      ${this.section('Outgoing', 'Messages of the bot that are not sent', this.outbox, (rows) => this.unsent(rows), 'Everything was sent.', all)}
      ${this.section('Quarantine', 'Messages that failed too often. Release them once their cause is fixed.', this.quarantine, (rows) => this.quarantined(rows), 'Nothing is in quarantine.')}
      ${this.section('Planned', 'Reminders that an assistant asked for', this.wakes, (rows) => this.planned(rows), 'Nothing is planned.')}`;
  }
}
customElements.define('greenroom-waiting', Waiting);
