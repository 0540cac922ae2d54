// `<greenroom-link>`: the card with which people link their account, inside the page of another application.
//
//   <script type="module" src="https://GATEWAY/portal/embed.js"></script>
//   <greenroom-link gateway="https://GATEWAY" token-url="/greenroom-token"></greenroom-link>
//
// Attributes: `gateway` (where Greenroom is), `token-url` (an address of the application that answers a fresh token, as text or as
// {"token": "…"}), `channel` (its name, where there are several), `theme` (`light` or `dark`; else as the system).
// Events: `linked` {session, label, channel}, `unlinked` {session, channel}, `error` {code, message}.
// The page's policy must allow the gateway in script-src and connect-src, and data: in img-src.

import { html, nothing, LitElement } from './lit.js';
import { Api, Problem, sentence } from './core/api.js';
import { BearerAccess } from './core/bearer.js';
import { Portal } from './core/portal.js';
import { Resource } from './core/resource.js';
import { icon } from './core/icons.js';
import { shown } from './parts/ui.js';
import { lists } from './parts/allow.js';
import './parts/link.js';
import './parts/sessions.js';

/** How long a line stays, in milliseconds. */
const SAID_FOR = 6_000;

/** The card's look: one sheet for all cards of a page. @type {Promise<CSSStyleSheet> | undefined} */
let sheet;
const look = () => (sheet ||= (async () => {
  const made = new CSSStyleSheet();
  const [base, card] = await Promise.all(['base.css', 'embed.css'].map(async (name) => (await fetch(new URL(name, import.meta.url))).text()));
  return made.replace(base + card);
})().catch((error) => {
  sheet = undefined;
  throw error;
}));

class GreenroomLink extends LitElement {
  static properties = {
    gateway: {}, tokenUrl: { attribute: 'token-url' }, channel: {},
    view: { state: true }, session: { state: true }, said: { state: true }, spoken: { state: true },
  };

  constructor() {
    super();
    this.gateway = '';
    this.tokenUrl = '';
    this.channel = '';
    /** @type {'home'|'link'|'people'} */
    this.view = 'home';
    this.session = '';
    /** @type {import('./core/portal.js').Said | null} */
    this.said = null;
    this.spoken = '';
    /** @type {Portal | undefined} */
    this.portal = undefined;
    /** @type {Resource | undefined} */
    this.list = undefined;
  }

  connectedCallback() {
    super.connectedCallback();
    look().then((made) => {
      if (this.shadowRoot) this.shadowRoot.adoptedStyleSheets = [made];
    }).catch(() => this.fail(new Problem({ code: 'unreachable', detail: 'the gateway does not answer' })));
    if (this.portal) this.portal.live.start();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.portal?.live.stop();
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (!changed.has('gateway') && !changed.has('tokenUrl')) return;
    this.portal?.live.stop();
    this.portal = undefined;
    if (!this.gateway || !this.tokenUrl) return;
    this.begin();
  }

  begin() {
    const access = new BearerAccess(() => new URL(this.tokenUrl, document.baseURI).href);
    const portal = new Portal(new Api(this.gateway, access));
    portal.say = (said) => this.say(said);
    portal.announce = (text) => (this.spoken = text);
    this.portal = portal;
    this.list ||= new Resource(this, () => this.portal, async (api) => {
      if (!portal.me) portal.me = await api.get('/me');
      const [channels, sessions] = await Promise.all([api.get('/channels'), api.get('/sessions')]);
      return { channels, sessions };
    }, ['state', 'link']);
    portal.live.start();
    this.list.hostDisconnected();
    this.list.hostConnected();
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    if (this.list?.error && this.list.error !== this.failed) {
      this.failed = this.list.error;
      this.fail(this.list.error);
    }
    if (changed.has('view') && changed.get('view') !== undefined) {
      /** @type {HTMLElement | null | undefined} */ (this.shadowRoot?.querySelector('h2'))?.focus();
    }
  }

  /** Tells the application. @param {unknown} error */
  fail(error) {
    const code = error instanceof Problem ? error.code : 'unknown';
    this.dispatchEvent(new CustomEvent('error', { detail: { code, message: sentence(error) } }));
  }

  /** @param {import('./core/portal.js').Said} said */
  say(said) {
    this.said = said;
    clearTimeout(this.saying);
    this.saying = setTimeout(() => (this.said = null), SAID_FOR);
  }

  /** @param {string} [session] */
  link(session = '') {
    this.session = session;
    this.view = 'link';
  }

  home() {
    this.view = 'home';
    this.list?.load();
  }

  /** What stops everything, by its name. @param {string} title @param {unknown} text */
  stopped(title, text) {
    return html`<div class="notice bad" role="alert">${icon('warn')}<div><p><strong>${title}</strong></p><p>${text}</p></div>
      ${this.list ? html`<button class="button small" @click=${() => this.list?.load()}>Try again</button>` : nothing}</div>`;
  }

  trouble() {
    if (!this.gateway) return this.stopped('Gateway not configured', 'The attribute gateway of this card is empty.');
    if (!this.tokenUrl) return this.stopped('Gateway not configured', 'The attribute token-url of this card is empty.');
    const error = this.list?.value === undefined ? this.list?.error : undefined;
    if (!(error instanceof Problem)) return null;
    if (error.status === 401) return this.stopped('The gateway does not accept the token', 'The AUTH_SECRET of the two sides, their clocks, or the audience may differ.');
    if (error.code === 'unreachable') return this.stopped('The gateway cannot be reached', html`${this.gateway} does not answer, or does not allow this page.`);
    return this.stopped(error.title || 'This did not work', sentence(error));
  }

  /** @param {{channels: import('./core/types.js').Channel[], sessions: import('./core/types.js').Session[]}} value */
  card({ channels, sessions }) {
    const channel = channels.find((row) => (this.channel ? row.channel === this.channel : row.can_link));
    if (!channel || !this.portal) return this.stopped('No channel can be linked here', 'The gateway has no channel of this name that links accounts.');
    if (this.view === 'link') {
      return html`<greenroom-connect .portal=${this.portal} .channel=${channel} session=${this.session} @closed=${() => this.home()} @linked=${() => this.list?.load()}></greenroom-connect>`;
    }
    if (this.view === 'people') {
      return html`
        <div class="panel-head"><h2 tabindex="-1">Edit allowed numbers</h2><button class="button small" @click=${() => this.home()}>Done</button></div>
        <div @allow-changed=${() => this.list?.soon()}>${lists(this.portal, channel, sessions.filter((session) => session.channel === channel.channel))}</div>`;
    }
    return this.overview(channel, sessions.filter((session) => session.channel === channel.channel), channels.filter((row) => row.can_link).reduce((sum, row) => sum + row.sessions, 0));
  }

  /** @param {import('./core/types.js').Channel} channel @param {import('./core/types.js').Session[]} sessions @param {number} used */
  overview(channel, sessions, used) {
    const full = channel.sessions_max !== undefined && used >= channel.sessions_max;
    return html`
      <div class="panel-head"><h2 tabindex="-1">WhatsApp</h2>${channel.sessions_max === undefined ? nothing : html`<span class="fine">${used} of ${channel.sessions_max}</span>`}</div>
      ${sessions.length
        ? html`<greenroom-sessions .portal=${this.portal} .channel=${channel} .sessions=${sessions} @link=${(/** @type {CustomEvent} */ event) => this.link(event.detail)} @changed=${() => this.list?.load()}></greenroom-sessions>`
        : html`<p class="none">No account is connected yet.</p>`}
      ${full ? html`<p class="fine">Maximum sessions reached: disconnect one to connect another.</p>` : nothing}
      <div class="row">
        ${full ? nothing : html`<button class="button ${sessions.length ? '' : 'primary'}" @click=${() => this.link()}>${icon('plus')}${sessions.length ? 'Connect another account' : 'Connect WhatsApp'}</button>`}
        ${(this.portal?.ownsChannels && channel.allowed) || sessions.length ? html`<button class="button" @click=${() => (this.view = 'people')}>${icon('people')}Edit allowed numbers</button>` : nothing}
      </div>`;
  }

  render() {
    return html`
      <div class="root" @greenroom-problem=${(/** @type {CustomEvent} */ event) => this.fail(event.detail)}>
        ${this.trouble() ?? (this.list ? shown(this.list, (value) => this.card(value), 2) : nothing)}
        <div class="saying" role="status">${this.said ? html`<p class="notice ${this.said.kind || ''}">${icon(this.said.kind === 'bad' ? 'warn' : 'check')}<span>${this.said.text}</span>${this.said.undo ? html`<button class="button small" @click=${() => { this.said?.undo?.(); this.said = null; }}>Undo</button>` : nothing}</p>` : nothing}</div>
        <p class="hidden" aria-live="polite">${this.spoken}</p>
      </div>`;
  }
}
customElements.define('greenroom-link', GreenroomLink);
