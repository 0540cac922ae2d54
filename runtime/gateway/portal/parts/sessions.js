// `<greenroom-sessions>`: the linked accounts of a channel, those that are pending, and what can be done with each.

import { html, nothing, repeat } from '../lit.js';
import { Plain } from '../core/element.js';
import { Clock } from '../core/clock.js';
import { part } from '../core/api.js';
import { icon } from '../core/icons.js';
import { day, plural, span } from '../core/format.js';
import * as status from '../core/status.js';
import { badge, nextStep } from './ui.js';
import { confirm } from './confirm.js';

/** @typedef {import('../core/types.js').Session} Session */

/** A phone is missed when less than this is left before the network unlinks the account. Milliseconds. */
const ABSENCE_WARNED = 4 * 24 * 3_600_000;

class Sessions extends Plain {
  static properties = {
    channel: { attribute: false },
    sessions: { attribute: false },
  };

  constructor() {
    super();
    /** @type {import('../core/types.js').Channel} */
    this.channel;
    /** @type {Session[]} */
    this.sessions = [];
    new Clock(this, 1_000);
  }

  /** @param {Session} session */
  reconnect(session) {
    return this.act(async () => {
      await this.portal.api.post(`/sessions/${part(session.session)}/reconnect`);
      this.portal.say({ text: `${status.label(session)} connects again` });
      this.emit('changed');
    });
  }

  /** @param {Session} session */
  async disconnect(session) {
    const name = status.label(session);
    const digits = /(\d{4})\D*$/.exec(name.replace(/\(.*\)/, ''))?.[1];
    const yes = await confirm(this, {
      title: `Disconnect ${name}?`,
      text: html`
        <p>This removes the device from your phone and deletes its keys here. The bot stops answering on this number immediately.</p>
        <p>To come back, the phone has to scan a new code, and WhatsApp may ask for a passkey.</p>`,
      action: 'Disconnect', danger: true, type: digits, typeLabel: digits ? html`Type the last four digits, <strong>${digits}</strong>, to confirm` : '',
    });
    if (!yes) return;
    return this.act(async () => {
      await this.portal.api.del(`/sessions/${part(session.session)}?only=linked`);
      this.portal.say({ text: `${name} was disconnected` });
      this.emit('unlinked', { session: session.session, channel: session.channel });
      this.emit('changed');
    });
  }

  /** @param {Session} session */
  async forget(session) {
    const pending = status.isPending(session);
    if (!pending && !(await confirm(this, { title: `Remove ${status.label(session)}?`, text: html`<p>The account is not linked now. Its conversations are kept; to use it, it has to be linked as a new one.</p>`, action: 'Remove', danger: true }))) return;
    return this.act(async () => {
      // Not one that was linked a moment ago.
      await this.portal.api.del(`/sessions/${part(session.session)}?only=unlinked`);
      this.portal.say({ text: 'The account was removed' });
      this.emit('changed');
    });
  }

  async clean() {
    const yes = await confirm(this, {
      title: 'Remove all pending accounts?', text: html`<p>Accounts that were never linked are removed. Connected ones are not touched.</p>`, action: 'Clean up all',
    });
    if (!yes) return;
    return this.act(async () => {
      const { forgotten } = await this.portal.api.post('/sessions/clean');
      this.portal.say({ text: `${plural(forgotten.length, 'pending account')} removed` });
      this.emit('changed');
    });
  }

  /** @param {Session} session */
  facts(session) {
    const facts = [];
    if (session.linked_at_ms) facts.push(`linked ${day(session.linked_at_ms)}`);
    const { answered, refused } = this.portal.today(session);
    if (answered !== undefined) facts.push(`${plural(answered, 'answer')} today`);
    if (refused) facts.push(`${refused} refused today`);
    if (session.outbox_waiting) facts.push(`${plural(session.outbox_waiting, 'message')} waiting`);
    return facts.join(' · ');
  }

  /** The phone behind the account was not seen for long. @param {Session} session */
  absence(session) {
    if (!session.phone_seen_ms || !session.phone_absent_max_ms) return nothing;
    const left = session.phone_seen_ms + session.phone_absent_max_ms - this.portal.now();
    if (left > ABSENCE_WARNED) return nothing;
    return html`<p class="next">${icon('phone')}<span>Open WhatsApp on the phone: the network unlinks this account ${left > 0 ? `in ${span(left)}` : 'now'}.</span></p>`;
  }

  /** @param {Session} session */
  buttons(session) {
    const name = html`<span class="hidden"> ${status.label(session)}</span>`;
    const may = this.portal.may('control');
    const link = this.channel?.can_link !== false;
    const pending = status.isPending(session);
    return html`
      <div class="row-actions">
        ${may && link && status.isLinking(session) ? html`<button class="button small primary" @click=${() => this.emit('link', session.session)}>Show the code${name}</button>` : nothing}
        ${may && link && status.isUnlinked(session) && !status.isLinking(session) ? html`<button class="button small primary" @click=${() => this.emit('link', session.session)}>${pending ? 'Link' : 'Link again'}${name}</button>` : nothing}
        ${may && !status.isUnlinked(session) ? html`<button class="button small" ?disabled=${this.busy} @click=${() => this.reconnect(session)}>${icon('refresh')}Reconnect${name}</button>` : nothing}
        ${this.portal.may('delete') && link
          ? status.isUnlinked(session)
            ? html`<button class="button small quiet" ?disabled=${this.busy} @click=${() => this.forget(session)}>${icon('trash')}Remove${name}</button>`
            : html`<button class="button small quiet" ?disabled=${this.busy} @click=${() => this.disconnect(session)}>${icon('unlink')}Disconnect${name}</button>`
          : nothing}
      </div>`;
  }

  /** @param {Session} session */
  row(session) {
    const now = this.portal.now();
    const tone = status.tone(session);
    return html`
      <li class="session">
        <div class="session-main">
          <p class="session-name"><bdi>${status.label(session)}</bdi></p>
          <p class="session-state">${badge(tone, status.word(session))} <span class="fine">${status.detail(session, now)}</span></p>
          ${session.reason && tone !== 'good' ? html`<p class="fine">${session.reason}</p>` : nothing}
          ${tone === 'bad' || tone === 'wait' ? nextStep(session.next) : nothing}
          ${this.absence(session)}
          <p class="fine">${this.facts(session)}</p>
        </div>
        ${this.buttons(session)}
      </li>`;
  }

  render() {
    const pending = this.sessions.filter(status.isPending);
    const linked = this.sessions.filter((session) => !status.isPending(session));
    return html`
      ${linked.length ? html`<ul class="sessions">${repeat(linked, (session) => session.session, (session) => this.row(session))}</ul>` : nothing}
      ${pending.length ? html`
        <div class="pending">
          <div class="pending-head"><h3>Pending</h3>
            ${pending.length > 1 && this.portal.may('delete') ? html`<button class="button small quiet" ?disabled=${this.busy} @click=${() => this.clean()}>${icon('trash')}Clean up all</button>` : nothing}
          </div>
          <ul class="sessions">${repeat(pending, (session) => session.session, (session) => this.row(session))}</ul>
        </div>` : nothing}`;
  }
}
customElements.define('greenroom-sessions', Sessions);
