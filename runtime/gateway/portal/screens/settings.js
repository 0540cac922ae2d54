// `<greenroom-settings>`: this browser, this log-in, and how other programs get in.

import { html, nothing } from '../lit.js';
import { Plain } from '../core/element.js';
import { Resource } from '../core/resource.js';
import { icon } from '../core/icons.js';
import { moment } from '../core/format.js';
import { applyTheme, theme } from '../core/theme.js';
import { copyable, head } from '../parts/ui.js';

/** @type {['auto'|'light'|'dark', string, import('../core/icons.js').Icon][]} */
const THEMES = [['auto', 'As the system', 'auto'], ['light', 'Light', 'sun'], ['dark', 'Dark', 'moon']];

/** @type {Record<string, string>} */
const SCOPES = {
  read: 'see lists, states and decisions', text: 'read what was said', send: 'write messages', control: 'link, reconnect, pause, release',
  settings: 'change who may talk', delete: 'disconnect and forget', admin: 'run the server',
};

class Settings extends Plain {
  static properties = { link: { state: true }, changes: { state: true } };

  constructor() {
    super();
    this.link = '';
    /** @type {{changes: string[], after_restart?: string[], warnings?: string[]} | null} */
    this.changes = null;
    this.channels = new Resource(this, () => this.portal, (api) => api.get('/channels'), []);
  }

  logout() {
    return this.act(async () => {
      await this.portal.api.post('/logout');
      this.portal.api.locked();
    });
  }

  invite() {
    return this.act(async () => {
      const made = await this.portal.api.post('/portal-links');
      this.link = made.public_url || made.url;
    });
  }

  reload() {
    return this.act(async () => {
      this.changes = await this.portal.api.post('/reload');
    });
  }

  appearance() {
    return html`
      <section class="panel" aria-labelledby="${this.ids}-look"><h2 id="${this.ids}-look">Appearance</h2>
        <div class="segments" role="radiogroup" aria-labelledby="${this.ids}-look">${THEMES.map(([key, title, symbol]) => html`
          <label><input type="radio" name="theme" .checked=${theme() === key} @change=${() => { applyTheme(key); this.requestUpdate(); }}><span>${icon(symbol)}${title}</span></label>`)}</div>
      </section>`;
  }

  login() {
    const me = this.portal.me;
    return html`
      <section class="panel" aria-labelledby="${this.ids}-login">
        <div class="panel-head"><h2 id="${this.ids}-login">This log-in</h2><button class="button small" ?disabled=${this.busy} @click=${() => this.logout()}>${icon('out')}Log out</button></div>
        <p>Owner <strong><bdi>${me?.owner}</bdi></strong>${me?.expires_ms ? html`, until ${moment(me.expires_ms, this.portal.now())}` : nothing}</p>
        <ul class="scopes">${Object.entries(SCOPES).map(([scope, what]) => {
          const held = me?.scopes.includes(scope);
          return html`<li class=${held ? 'held' : ''}>${icon(held ? 'check' : 'cross')}<span><strong>${scope}</strong> <span class="fine">${held ? '' : 'not allowed: '}${what}</span></span></li>`;
        })}</ul>
      </section>`;
  }

  others() {
    return html`
      <section class="panel" aria-labelledby="${this.ids}-others"><h2 id="${this.ids}-others">Other browsers and programs</h2>
        ${this.portal.may('admin') ? html`
          <p class="fine">A log-in link opens one browser, within ten minutes.</p>
          ${this.link ? copyable(this.portal, 'Log-in link', this.link) : html`<p><button class="button" ?disabled=${this.busy} @click=${() => this.invite()}>${icon('key')}Make a log-in link</button></p>`}` : nothing}
        <p class="fine">A program gets a token of its own, with an owner, scopes and an end:</p>
        ${copyable(this.portal, 'Command', 'greenroom token --owner NAME --scope read,send --for 15m')}
        <p class="fine">The whole interface is described in <a href="/api/openapi.json">openapi.json</a>.</p>
      </section>`;
  }

  /** @param {string} title @param {string[] | undefined} lines */
  changed(title, lines) {
    return lines?.length ? html`<p><strong>${title}</strong></p><ul>${lines.map((text) => html`<li>${text}</li>`)}</ul>` : nothing;
  }

  configuration() {
    if (!this.portal.may('admin')) return nothing;
    return html`
      <section class="panel" aria-labelledby="${this.ids}-conf"><h2 id="${this.ids}-conf">Configuration</h2>
        <p class="fine">Assistants, policies and limits can change without dropping a session. An invalid file changes nothing.</p>
        <p><button class="button" ?disabled=${this.busy} @click=${() => this.reload()}>${icon('refresh')}Reload the configuration</button></p>
        ${this.changes ? html`<div class="notice" role="status">${icon('check')}<div>
          ${this.changed('Changed', this.changes.changes) }${this.changed('Holds after a restart', this.changes.after_restart)}${this.changed('To look at', this.changes.warnings)}
          ${this.changes.changes?.length || this.changes.after_restart?.length ? nothing : html`<p>Nothing had changed.</p>`}</div></div>` : nothing}
      </section>`;
  }

  licences() {
    const said = (this.channels.value || []).filter((/** @type {any} */ channel) => channel.licence).map((/** @type {any} */ channel) => channel.licence);
    return html`
      <section class="panel" aria-labelledby="${this.ids}-about"><h2 id="${this.ids}-about">About</h2>
        <p>Greenroom ${this.portal.me?.version || ''}</p>
        ${[...new Set(said)].map((text) => html`<p class="fine">${text}</p>`)}
        <p class="fine">Not made or endorsed by WhatsApp. This page contains Lit, <a href="lit.LICENSE.txt">BSD-3-Clause</a>.</p>
      </section>`;
  }

  render() {
    return html`${head('Settings')}<div class="halves">${this.appearance()}${this.login()}${this.others()}${this.configuration()}${this.licences()}</div>`;
  }
}
customElements.define('greenroom-settings', Settings);
