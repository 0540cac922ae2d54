// `<greenroom-channel>`: one channel: its accounts, who may talk to it, the way to link, and the set-up of a business number.

import { html, nothing } from '../lit.js';
import { Plain } from '../core/element.js';
import { Resource } from '../core/resource.js';
import { icon } from '../core/icons.js';
import { NEW_BUSINESS } from '../core/portal.js';
import { words } from '../core/format.js';
import { copyable, empty, head, shown, to } from '../parts/ui.js';
import { KINDS, adapterWords } from './channels.js';
import { lists } from '../parts/allow.js';
import '../parts/link.js';
import '../parts/sessions.js';

/** @typedef {import('../core/types.js').Channel} Channel */
/** @typedef {import('../core/types.js').Session} Session */

/** A channel that is not there yet. @type {Channel} */
const BUSINESS = { channel: NEW_BUSINESS, adapter: 'whatsapp-cloud', kind: 'business', can_link: false, sessions: 0, allowed: 0, methods: [] };

class ChannelScreen extends Plain {
  static properties = { route: { attribute: false }, list: { attribute: false }, value: { attribute: false }, failure: { attribute: false }, setup: { state: true } };

  constructor() {
    super();
    /** @type {string[]} */
    this.route = [];
    /** @type {Resource} */
    this.list;
    this.setup = false;
    /** Whether the channel came to be on this page, which still shows what to tell Meta. */
    this.added = false;
  }

  /** @param {Channel} channel */
  async openSetup(channel) {
    await import('./cloud.js');
    this.setup = true;
    await this.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector('greenroom-cloud'))?.scrollIntoView({ block: 'start' });
  }

  back() {
    return html`<p class="crumb"><a href="#/channels">${icon('back')}Channels</a></p>`;
  }

  /** The way to link, on a page of its own. @param {Channel} channel */
  linking(channel) {
    const home = to('channels', channel.channel);
    return html`
      <p class="crumb"><a href=${home}>${icon('back')}${words(channel.channel)}</a></p>
      ${head('Connect an account', adapterWords(channel))}
      <section class="panel narrow">
        <greenroom-connect .portal=${this.portal} .channel=${channel} session=${this.route[3] || ''}
          @closed=${() => (location.hash = home)} @linked=${() => this.list.load()}
          @linking=${(/** @type {CustomEvent} */ event) => history.replaceState(null, '', to('channels', channel.channel, 'link', event.detail.session))}></greenroom-connect>
      </section>`;
  }

  /** @param {Channel} channel @param {Session[]} sessions @param {number} used sessions of all channels that link: the limit counts them together */
  accounts(channel, sessions, used) {
    const full = channel.sessions_max !== undefined && used >= channel.sessions_max;
    const may = channel.can_link && this.portal.may('control');
    const link = (/** @type {string} */ session) => (location.hash = session ? to('channels', channel.channel, 'link', session) : to('channels', channel.channel, 'link'));
    return html`
      <section class="panel" aria-labelledby="accounts">
        <div class="panel-head"><h2 id="accounts">Accounts</h2>
          ${channel.sessions_max === undefined || !channel.can_link ? nothing : html`<span class="fine" id="session-limit">${used} of ${channel.sessions_max}${full ? ': disconnect one to connect another' : ''}</span>`}
          ${may && sessions.length ? html`<button class="button small" aria-disabled=${full ? 'true' : 'false'} aria-describedby=${full ? 'session-limit' : nothing} @click=${() => full || link('')}>${icon('plus')}Connect another account</button>` : nothing}
        </div>
        ${sessions.length
          ? html`<greenroom-sessions .portal=${this.portal} .channel=${channel} .sessions=${sessions}
              @link=${(/** @type {CustomEvent} */ event) => link(event.detail)} @changed=${() => this.list.load()}></greenroom-sessions>`
          : channel.can_link
            ? empty('phone', 'No account is linked', 'Link a phone with a QR code. It takes a minute.', may ? html`<button class="button primary" @click=${() => link('')}>Connect an account</button>` : nothing)
            : html`<p class="none">The accounts of this channel are named in the configuration.</p>`}
      </section>`;
  }

  /** @param {Channel} channel */
  webhook(channel) {
    if (channel.kind !== 'business') return nothing;
    return html`
      <section class="panel" aria-labelledby="webhook">
        <div class="panel-head"><h2 id="webhook">Webhook</h2><button class="button small" @click=${() => this.openSetup(channel)}>${icon('settings')}Set-up, step by step</button></div>
        ${channel.webhook_url ? copyable(this.portal, 'Callback URL', channel.webhook_url) : html`<p class="fine">Meta posts messages to <code>/api/channels/${channel.channel}</code> on the public address of this server.</p>`}
        ${this.setup ? html`<greenroom-cloud .portal=${this.portal} .channel=${channel}></greenroom-cloud>` : nothing}
      </section>`;
  }

  /** The set-up of a business number that comes to be by it. */
  adding() {
    // An element that is there before its code does not know the portal when it begins.
    if (!this.setup) import('./cloud.js').then(() => (this.setup = true));
    return html`
      ${this.back()}${head('Use a business number', 'A number of its own at Meta, through the official Cloud API')}
      ${this.setup ? html`<section class="panel narrow"><greenroom-cloud .portal=${this.portal} .channel=${BUSINESS} @saved=${() => { this.added = true; this.list.load(); }}></greenroom-cloud></section>` : nothing}`;
  }

  /** @param {{channels: Channel[], sessions: Session[]}} value */
  one({ channels, sessions }) {
    const channel = channels.find((row) => row.channel === this.route[1]);
    if ((!channel || this.added) && this.route[1] === NEW_BUSINESS && this.portal.may('settings')) return this.adding();
    if (!channel) return html`${this.back()}${head('Unknown channel')}${empty('channels', 'There is no such channel', 'It may have been taken out of the configuration.', html`<a class="button" href="#/channels">All channels</a>`)}`;
    if (this.route[2] === 'link' && channel.can_link) return this.linking(channel);
    const own = sessions.filter((session) => session.channel === channel.channel);
    const [, kind] = KINDS[channel.kind] || ['', ''];
    return html`
      ${this.back()}
      ${head(words(channel.channel), `${adapterWords(channel)} · ${kind}`)}
      <div class="columns">
        <div>${this.accounts(channel, own, channels.filter((row) => row.can_link).reduce((sum, row) => sum + row.sessions, 0))}${this.webhook(channel)}</div>
        <section class="panel" aria-labelledby="allowed">
          <div class="panel-head"><h2 id="allowed">Who may talk to it</h2></div>
          ${lists(this.portal, channel, own)}
        </section>
      </div>
      ${channel.licence ? html`<p class="fine licence">${icon('info')}<span>${channel.licence}</span></p>` : nothing}`;
  }

  render() {
    return this.list.value ? shown(this.list, (value) => this.one(value)) : html`${this.back()}${head(words(this.route[1]))}${shown(this.list, () => nothing)}`;
  }
}
customElements.define('greenroom-channel', ChannelScreen);
