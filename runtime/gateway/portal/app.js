// `<greenroom-app>`: logs in, draws the frame, and shows the screen that the address names.

import { html, nothing, keyed } from './lit.js';
import { Api, CookieAccess, Problem, sentence } from './core/api.js';
import { Plain } from './core/element.js';
import { Portal } from './core/portal.js';
import { icon } from './core/icons.js';
import { SCREENS } from './core/screens.js';
import { applyTheme } from './core/theme.js';
import './parts/door.js';
import './screens/channels.js';

applyTheme();

/** How long a line at the bottom stays, in milliseconds; one that can be undone stays longer. */
const SAID_FOR = 5_000;
const SAID_WITH_UNDO_FOR = 10_000;

class App extends Plain {
  static properties = { state: { state: true }, route: { state: true }, said: { state: true }, loaded: { state: true } };

  constructor() {
    super();
    this.access = new CookieAccess();
    this.portal = new Portal(new Api('', this.access));
    this.portal.say = (said) => this.say(said);
    this.portal.announce = (text) => this.announce(text);
    this.portal.api.locked = () => this.lock('');
    /** @type {'starting'|'locked'|'open'|'unreachable'} */
    this.state = 'starting';
    this.reason = '';
    /** The code of a log-in link, until the server took it. */
    this.code = '';
    /** @type {string[]} */
    this.route = ['channels'];
    /** @type {import('./core/portal.js').Said | null} */
    this.said = null;
    this.loaded = new Set(['channels']);
    this.spoken = '';
  }

  connectedCallback() {
    super.connectedCallback();
    addEventListener('hashchange', () => this.turn());
    this.portal.live.listen(({ kind, data }) => {
      if (kind === 'connection') this.requestUpdate();
      else if (kind === 'failed') this.say({ text: data.held ? 'A message of the bot is held and waits for you' : 'A message of the bot could not be sent', kind: 'bad' });
    });
    this.enter();
  }

  /** Logs in with the code of the address, if there is one, or with the cookie. */
  async enter() {
    const found = /^#login=([^&]+)$/.exec(location.hash)?.[1];
    if (found) {
      // The code must not stay in the history; here it stays until the server took it.
      history.replaceState(null, '', '#/channels');
      this.code = found;
    }
    const code = this.code;
    try {
      if (code) {
        await this.portal.api.post('/login', { code: decodeURIComponent(code) });
        this.code = '';
      }
      const me = await this.portal.api.get('/me');
      this.portal.me = me;
      this.access.csrf = me.csrf;
      this.state = 'open';
      this.portal.live.start();
      this.turn();
    } catch (error) {
      if (error instanceof Problem && error.code === 'unreachable') {
        this.state = 'unreachable';
        setTimeout(() => this.state === 'unreachable' && this.enter(), 3_000);
      } else this.lock(code ? 'used' : '', error);
    }
  }

  /** @param {string} why @param {unknown} [error] */
  lock(why, error) {
    if (this.state === 'locked') return;
    this.portal.live.stop();
    this.portal.me = null;
    const plain = error instanceof Problem && ![401, 403, 404, 410].includes(error.status);
    this.reason = plain ? sentence(error) : why;
    this.state = 'locked';
  }

  /** Goes where the address says. */
  async turn() {
    if (location.hash.startsWith('#login=')) return this.enter();
    if (this.state !== 'open') return;
    const route = location.hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decode);
    const screen = SCREENS.find(({ path }) => path === route[0]);
    if (!screen) {
      history.replaceState(null, '', '#/channels');
      this.route = ['channels'];
      return;
    }
    if (!this.loaded.has(screen.path)) {
      await screen.load().catch(() => this.say({ text: 'This part of the page could not be loaded. Is the server running?', kind: 'bad' }));
      this.loaded.add(screen.path);
    }
    const moved = this.route.join('/') !== route.join('/');
    this.route = route;
    document.title = `${screen.title} · Greenroom`;
    if (!moved) return;
    await this.updateComplete;
    scrollTo(0, 0);
    // Whoever uses a screen reader is told where they are now.
    setTimeout(() => /** @type {HTMLElement | null} */ (this.querySelector('main h1'))?.focus({ preventScroll: true }), 50);
  }

  updated() {
    // What the bare page shows until this runs.
    if (this.state !== 'starting') document.getElementById('starting')?.remove();
  }

  /** @param {import('./core/portal.js').Said} said */
  say(said) {
    this.said = said;
    clearTimeout(this.saying);
    this.saying = setTimeout(() => (this.said = null), said.undo ? SAID_WITH_UNDO_FOR : SAID_FOR);
  }

  /** @param {string} text */
  announce(text) {
    this.spoken = text;
    this.requestUpdate();
  }

  /** @param {import('./core/screens.js').Screen} screen @param {boolean} bar */
  link(screen, bar) {
    const here = this.route[0] === screen.path || (bar && screen.path === 'more' && !SCREENS.some(({ path, first }) => first && path === this.route[0]));
    return html`<a href="#/${screen.path}" aria-current=${here ? 'page' : nothing}>${icon(screen.icon)}<span>${screen.title}</span></a>`;
  }

  connection() {
    const { state } = this.portal.live;
    if (state === 'polling') return html`<p class="connection wait">${icon('waiting')}Live updates are off; asking every 15 s</p>`;
    return html`<p class="connection ${state === 'live' ? 'good' : ''}">${state === 'live' ? html`<i aria-hidden="true"></i>Live` : 'Connecting'}</p>`;
  }

  frame() {
    const screen = SCREENS.find(({ path }) => path === this.route[0]) || SCREENS[0];
    const element = this.screen(screen);
    return html`
      <a class="skip" href="#main" @click=${(/** @type {Event} */ event) => {
        event.preventDefault();
        /** @type {HTMLElement | null} */ (this.querySelector('main'))?.focus();
      }}>Skip to the content</a>
      <div class="frame">
        <nav class="side" aria-label="Main">
          <a class="brand" href="#/channels"><img src="icon.svg" width="28" height="28" alt=""><span>Greenroom</span></a>
          <div class="side-links">${SCREENS.filter(({ path }) => path !== 'more').map((item) => this.link(item, false))}</div>
          ${this.connection()}
        </nav>
        <main id="main" tabindex="-1">${keyed(this.route.slice(0, 3).join('/'), element)}</main>
        <nav class="bar" aria-label="Sections">${SCREENS.filter(({ first, path }) => first || path === 'more').map((item) => this.link(item, true))}</nav>
      </div>`;
  }

  /** The element of a screen. @param {import('./core/screens.js').Screen} screen */
  screen(screen) {
    if (this.shown?.route !== this.route) {
      const element = /** @type {any} */ (document.createElement(screen.tag));
      element.portal = this.portal;
      element.route = this.route;
      this.shown = { route: this.route, element };
    }
    return this.shown.element;
  }

  toast() {
    const said = this.said;
    return html`
      <div class="toasts" role="status">${said ? html`
        <div class="toast ${said.kind || ''}">${said.kind === 'bad' ? icon('warn') : icon('check')}<span>${said.text}</span>
          ${said.undo ? html`<button class="button small" @click=${() => { said.undo?.(); this.said = null; }}>Undo</button>` : nothing}
          <button class="button small quiet" @click=${() => (this.said = null)} aria-label="Close this message">${icon('cross')}</button>
        </div>` : nothing}</div>
      <p class="hidden" aria-live="polite">${this.spoken}</p>`;
  }

  body() {
    switch (this.state) {
      case 'open':
        return this.frame();
      case 'locked':
        return html`<greenroom-door .portal=${this.portal} .reason=${this.reason} @greenroom-enter=${() => { this.state = 'starting'; this.enter(); }}></greenroom-door>`;
      case 'unreachable':
        return html`<main class="door"><div class="door-card"><img src="icon.svg" width="48" height="48" alt=""><h1>Greenroom does not answer</h1><p>The server is not running, or cannot be reached from here. This page tries again by itself.</p></div></main>`;
      default:
        return nothing;
    }
  }

  render() {
    return html`${this.body()}${this.toast()}`;
  }
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

customElements.define('greenroom-app', App);
