// `<greenroom-cloud>`: the set-up of a business number, step by step. Each pasted value is looked at here, then by the server, then by Meta;
// a secret that was saved is never shown.

import { html, live, nothing } from '../lit.js';
import { Plain } from '../core/element.js';
import { Problem, part, sentence } from '../core/api.js';
import { Resource } from '../core/resource.js';
import { icon } from '../core/icons.js';
import { ago, moment, plural } from '../core/format.js';
import { copyable } from '../parts/ui.js';
import { FIELDS } from '../parts/pasted.js';

/** @typedef {import('../parts/pasted.js').Field} Field */
/** @typedef {{key: string, about: string, secret: boolean, set: boolean, value?: string, origin?: 'configuration'|'saved', changed_ms?: number}} Setting */
/** @typedef {{channel: string, adapter: string, configured: boolean, fields: Setting[], webhook_url?: string}} SettingsOf */
/** @typedef {{what: string, verdict: 'good'|'warning'|'bad'|'skipped', found: string, next?: string}} Check */

/** How a check is marked: its icon, and its word for who sees no colour. @type {Record<string, [import('../core/icons.js').Icon, string]>} */
const VERDICTS = { good: ['check', 'good'], warning: ['info', 'warning'], bad: ['warn', 'problem'], skipped: ['waiting', 'not looked at'] };

/** A word that Meta sends back when it checks the address. */
const verifyWord = () => [...crypto.getRandomValues(new Uint8Array(18))].map((byte) => byte.toString(36).padStart(2, '0')).join('').slice(0, 28);

class Cloud extends Plain {
  static properties = { channel: { attribute: false }, typed: { state: true }, wrong: { state: true }, checks: { state: true }, assistant: { state: true }, fresh: { state: true } };

  constructor() {
    super();
    /** @type {import('../core/types.js').Channel} */
    this.channel;
    /** @type {Record<string, string>} */
    this.typed = {};
    /** What the server said of a value. @type {Record<string, string>} */
    this.wrong = {};
    /** @type {Check[] | null} */
    this.checks = null;
    this.assistant = '';
    this.verify = verifyWord();
    /** Whether the word above is the one to use. */
    this.fresh = false;
    /** Whether it was saved from here. */
    this.known = false;
    // A program that cannot save answers that there is nothing; then the lines for its file are shown.
    this.settings = new Resource(this, () => this.portal, (api) => (this.portal.may('settings') ? api.get(`${this.at}/settings`).catch((error) => {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }) : Promise.resolve(null)), []);
    this.assistants = new Resource(this, () => this.portal, (api) => api.get('/assistants'), []);
    this.sessions = new Resource(this, () => this.portal, (api) => api.get('/sessions'), ['state', 'counts']);
    this.refused = new Resource(this, () => this.portal, (api) => api.get('/refused'), ['counts']);
  }

  get at() {
    return `/channels/${part(this.channel.channel)}`;
  }

  /** @returns {SettingsOf | null} */
  get saved() {
    return this.settings.value || null;
  }

  /** @param {string} key */
  setting(key) {
    return this.saved?.fields.find((setting) => setting.key === key);
  }

  /** @param {Field} field */
  verdict(field) {
    const text = (this.typed[field.key] || '').trim();
    return text ? field.check(text) : null;
  }

  /** @param {string} key @param {string} text */
  type(key, text) {
    this.typed = { ...this.typed, [key]: text };
    this.wrong = { ...this.wrong, [key]: '' };
  }

  /** What is sent: what was typed, and the verify token where there is none yet. */
  body() {
    /** @type {Record<string, string>} */
    const values = {};
    for (const { key } of FIELDS) if (this.typed[key]?.trim()) values[key] = this.typed[key].trim();
    if (this.fresh || !this.setting('verify_token')?.set) values.verify_token = this.verify;
    return { values, ...(this.assistant ? { assistant: this.assistant } : {}) };
  }

  get ready() {
    return FIELDS.every((field) => {
      const verdict = this.verdict(field);
      return verdict ? !('bad' in verdict) : !!this.setting(field.key)?.set;
    });
  }

  /** @param {() => Promise<void>} action */
  async send(action) {
    if (this.busy || !this.ready) return;
    this.busy = true;
    this.requestUpdate();
    try {
      await action();
    } catch (error) {
      const fields = error instanceof Problem ? error.fields : [];
      this.wrong = Object.fromEntries(fields.map(({ key, what }) => [key, what.charAt(0).toUpperCase() + what.slice(1)]));
      this.portal.say({ text: fields.length ? 'A value is wrong. Nothing was saved.' : sentence(error), kind: 'bad' });
    }
    this.busy = false;
    this.requestUpdate();
  }

  save() {
    return this.send(async () => {
      const body = this.body();
      this.settings.value = await this.portal.api.put(`${this.at}/settings`, body);
      this.known ||= 'verify_token' in body.values;
      this.typed = {};
      this.checks = null;
      this.fresh = false;
      this.portal.say({ text: 'Saved, and in use' });
      this.emit('saved');
    });
  }

  check() {
    return this.send(async () => {
      this.checks = await this.portal.api.post(`${this.at}/settings/check`, this.body());
    });
  }

  /** @param {Setting | undefined} setting */
  held(setting) {
    if (!setting?.set) return '';
    if (setting.origin === 'saved' && setting.changed_ms) return `Saved ${ago(setting.changed_ms, this.portal.now())}. Leave it empty to keep it.`;
    return 'Set by the configuration. Leave it empty to keep it.';
  }

  /** @param {Field} field @param {number} at */
  field(field, at) {
    const id = `${this.ids}-${field.key}`;
    const verdict = this.verdict(field);
    const setting = this.setting(field.key);
    const wrong = this.wrong[field.key] || (verdict && 'bad' in verdict ? verdict.bad : '');
    const right = verdict && ('good' in verdict ? verdict.good : 'soft' in verdict ? verdict.soft : '');
    return html`
      <li class=${!wrong && (right || setting?.set) ? 'past' : ''}><span class="dot">${!wrong && (right || setting?.set) ? icon('check') : at}</span>
        <div><label for=${id}>${field.title}</label>
          <input class="input" id=${id} type=${field.secret ? 'password' : 'text'} autocomplete="off" spellcheck="false" placeholder=${setting?.value || (setting?.set ? '••••••••' : field.example)} .value=${live(this.typed[field.key] || '')}
            aria-invalid=${wrong ? 'true' : 'false'} aria-describedby="${id}-said" @input=${(/** @type {any} */ event) => this.type(field.key, event.target.value)}>
          <p id="${id}-said" class=${wrong ? 'fault' : 'fine'} aria-live="polite">${wrong || right || this.held(setting) || field.where}</p></div></li>`;
  }

  /** Who answers in a channel that is not there yet. */
  answering() {
    const all = this.assistants.value || [];
    if (this.saved?.configured || all.length < 2) return nothing;
    const id = `${this.ids}-assistant`;
    return html`
      <div><label for=${id}>Who answers</label>
        <select class="input" id=${id} @change=${(/** @type {any} */ event) => (this.assistant = event.target.value)}>
          <option value="">Choose an assistant</option>${all.map((/** @type {any} */ one) => html`<option value=${one.name}>${one.name}</option>`)}</select></div>`;
  }

  checked() {
    if (!this.checks) return nothing;
    return html`<div role="status" aria-label="What Meta says"><ul class="checks">${this.checks.map((check) => {
      const [symbol, word] = VERDICTS[check.verdict] || VERDICTS.skipped;
      return html`<li class="check ${check.verdict === 'warning' ? 'wait' : check.verdict}">${icon(symbol)}<span><span class="hidden">${word}: </span><strong>${check.what}</strong> ${check.found}${check.next ? html`<br><span class="fine">${check.next}</span>` : nothing}</span></li>`;
    })}</ul></div>`;
  }

  /** The step in which the server gets the values. */
  telling() {
    if (this.settings.value === undefined && this.settings.error === undefined) return nothing;
    if (!this.saved) {
      return html`<p class="step-title">Tell the server</p><p class="fine">Nothing that you typed leaves this page. Put these lines into <code>greenroom.toml</code> and the secrets into the environment, then restart.</p>
        ${copyable(this.portal, 'Lines', this.lines())}${copyable(this.portal, 'Verify token, made for you', `WHATSAPP_VERIFY_TOKEN=${this.verify}`)}`;
    }
    const off = this.busy || !this.ready ? 'true' : 'false';
    return html`<p class="step-title">Check and save</p>${this.answering()}
      <div class="together"><button class="button" aria-disabled=${off} aria-describedby="${this.ids}-missing" @click=${() => this.check()}>${icon('refresh')}Verify</button>
        <button class="button primary" aria-disabled=${off} aria-describedby="${this.ids}-missing" @click=${() => this.save()}>${icon('check')}Save</button></div>
      <p class="fine" id="${this.ids}-missing">${this.ready ? 'Verify asks Meta and changes nothing. Save keeps the values on the server, for its owner only.' : 'Fill in the three values above first.'}</p>${this.checked()}`;
  }

  /** The word that Meta must be told, shown while it is known here: the server shows none. */
  word() {
    if (!this.saved) return nothing;
    const unsaved = this.fresh || !this.setting('verify_token')?.set;
    if (unsaved || this.known) return html`${copyable(this.portal, 'Verify token, made for you', this.verify)}${unsaved ? html`<p class="fine">It counts when it is saved. Copy it now: it is not shown later.</p>` : nothing}`;
    return html`<p class="fine">A verify token is set, and is not shown. <button class="button small" @click=${() => { this.verify = verifyWord(); this.fresh = true; this.known = false; }}>Make another one</button></p>`;
  }

  lines() {
    const id = this.typed.phone_number_id?.trim();
    const shown = id && this.verdict(FIELDS[0]) && 'good' in /** @type {any} */ (this.verdict(FIELDS[0])) ? id : '…';
    return `[channels.${this.channel.channel}]\nadapter = "whatsapp-cloud"\nphone_number_id = "${shown}"\naccess_token = { env = "WHATSAPP_ACCESS_TOKEN" }\napp_secret = { env = "WHATSAPP_APP_SECRET" }\nverify_token = { env = "WHATSAPP_VERIFY_TOKEN" }`;
  }

  /** Whether posts of Meta arrive. */
  arriving() {
    const mine = (this.sessions.value || []).filter((/** @type {any} */ row) => row.channel === this.channel.channel);
    const last = Math.max(0, ...mine.map((/** @type {any} */ row) => row.last_inbound_ms || 0));
    const wrong = (this.refused.value || []).filter((/** @type {any} */ row) => row.channel === this.channel.channel && ['handshake', 'signature'].includes(row.cause));
    return html`
      ${last ? html`<p class="check good">${icon('check')}<span>A message was received at <strong>${moment(last, this.portal.now())}</strong></span></p>` : html`<p class="check">${icon('waiting')}<span>Waiting for the first message</span></p>`}
      ${wrong.map((/** @type {any} */ row) => html`<p class="check bad">${icon('warn')}<span>${row.cause === 'handshake' ? 'Meta’s check failed: the verify token differs' : 'Posts with a wrong signature: the app secret differs'} (${plural(row.count, 'time')}, last ${moment(row.last_ms, this.portal.now())})</span></p>`)}`;
  }

  render() {
    if (!this.channel) return nothing;
    const url = this.channel.webhook_url || this.saved?.webhook_url;
    return html`
      <ol class="setup">
        ${FIELDS.map((field, at) => this.field(field, at + 1))}
        <li><span class="dot">4</span><div>${this.telling()}</div></li>
        <li><span class="dot">5</span><div><p class="step-title">Tell Meta</p><p class="fine">Meta app, WhatsApp, Configuration: paste the callback URL and the same verify token, then subscribe to <code>messages</code>. The address must be reachable over HTTPS.</p>
          ${url ? copyable(this.portal, 'Callback URL', url) : html`<p class="fine">The path is <code>/api/channels/${this.channel.channel}</code> on the public address of this server.</p>`}${this.word()}</div></li>
        <li><span class="dot">6</span><div><p class="step-title">Write to your number</p>${this.arriving()}</div></li>
      </ol>`;
  }
}
customElements.define('greenroom-cloud', Cloud);
