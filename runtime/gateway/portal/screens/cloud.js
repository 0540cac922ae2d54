// `<greenroom-cloud>`: the set-up of a business number, step by step. What is pasted is checked here and never leaves the page: secrets
// go into the environment of the server, by hand.

import { html, nothing } from '../lit.js';
import { Plain } from '../core/element.js';
import { Resource } from '../core/resource.js';
import { icon } from '../core/icons.js';
import { moment, plural } from '../core/format.js';
import { copyable } from '../parts/ui.js';

/** @typedef {{good: string} | {bad: string} | {soft: string}} Verdict */
/** @typedef {{key: string, title: string, where: string, secret: boolean, example: string, check: (text: string) => Verdict}} Field */

/** @type {Field[]} */
const FIELDS = [
  {
    key: 'phone_number_id', title: 'Phone number ID', where: 'Meta app, WhatsApp, API Setup. It stands below the number, and is not the number.', secret: false, example: '106540352242922',
    check: (text) => {
      if (/^\+/.test(text) || (/[\s()-]/.test(text) && /^[\d\s()+-]+$/.test(text))) return { bad: 'This is the phone number. Copy the ID that stands below it.' };
      if (!/^\d+$/.test(text)) return { bad: 'The ID has digits only.' };
      if (text.length < 14) return { bad: 'That is too short for an ID, and may be the phone number itself. The ID has 15 to 17 digits.' };
      if (text.length > 17) return { bad: 'That is too long: the ID has 15 to 17 digits.' };
      return { good: 'Looks like an ID' };
    },
  },
  {
    key: 'access_token', title: 'Access token', where: 'Business settings, System users, Generate token. With whatsapp_business_messaging and whatsapp_business_management.', secret: true, example: 'EAA…',
    check: (text) => {
      if (/^[0-9a-f]{32}$/i.test(text)) return { bad: 'This is an app secret. The token begins with EAA and is longer.' };
      if (!text.startsWith('EAA')) return { bad: 'A token of Meta begins with EAA.' };
      if (/\s/.test(text)) return { bad: 'There is a space in it. Copy it as a whole.' };
      if (text.length < 60) return { bad: 'That is only a part of a token.' };
      return { soft: 'Looks like a token. One from API Setup ends after 24 hours: use that of a system user.' };
    },
  },
  {
    key: 'app_secret', title: 'App secret', where: 'Meta app, App settings, Basic, App secret, Show. It proves that posts come from Meta.', secret: true, example: '32 letters and digits',
    check: (text) => {
      if (text.startsWith('EAA')) return { bad: 'This is an access token. The secret is in the settings of the app.' };
      return /^[0-9a-f]{32}$/i.test(text) ? { good: 'Looks like an app secret' } : { bad: `An app secret has 32 digits and letters from a to f; this has ${text.length} characters.` };
    },
  },
];

/** A word that Meta sends back when it checks the address. */
const verifyWord = () => [...crypto.getRandomValues(new Uint8Array(18))].map((byte) => byte.toString(36).padStart(2, '0')).join('').slice(0, 28);

class Cloud extends Plain {
  static properties = { channel: { attribute: false }, typed: { state: true } };

  constructor() {
    super();
    /** @type {import('../core/types.js').Channel} */
    this.channel;
    /** @type {Record<string, string>} */
    this.typed = {};
    this.verify = verifyWord();
    this.sessions = new Resource(this, () => this.portal, (api) => api.get('/sessions'), ['state', 'counts']);
    this.refused = new Resource(this, () => this.portal, (api) => api.get('/refused'), ['counts']);
  }

  /** @param {Field} field */
  verdict(field) {
    const text = (this.typed[field.key] || '').trim();
    return text ? field.check(text) : null;
  }

  /** @param {Field} field @param {number} at */
  field(field, at) {
    const id = `${this.ids}-${field.key}`;
    const verdict = this.verdict(field);
    const wrong = verdict && 'bad' in verdict ? verdict.bad : '';
    const right = verdict && ('good' in verdict ? verdict.good : 'soft' in verdict ? verdict.soft : '');
    return html`
      <li class=${right ? 'past' : ''}><span class="dot">${right ? icon('check') : at}</span>
        <div><label for=${id}>${field.title}</label>
          <input class="input" id=${id} type=${field.secret ? 'password' : 'text'} autocomplete="off" spellcheck="false" placeholder=${field.example} .value=${this.typed[field.key] || ''}
            aria-invalid=${wrong ? 'true' : 'false'} aria-describedby="${id}-said"
            @input=${(/** @type {any} */ event) => (this.typed = { ...this.typed, [field.key]: event.target.value })}>
          <p id="${id}-said" class=${wrong ? 'fault' : 'fine'} aria-live="polite">${wrong || right || field.where}</p></div></li>`;
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
    return html`
      <ol class="setup">
        ${FIELDS.map((field, at) => this.field(field, at + 1))}
        <li><span class="dot">4</span><div><p class="step-title">Tell the server</p><p class="fine">Nothing that you typed leaves this page. Put these lines into <code>greenroom.toml</code> and the secrets into the environment, then restart.</p>
          ${copyable(this.portal, 'Lines', this.lines())}
          ${copyable(this.portal, 'Verify token, made for you', `WHATSAPP_VERIFY_TOKEN=${this.verify}`)}</div></li>
        <li><span class="dot">5</span><div><p class="step-title">Tell Meta</p><p class="fine">Meta app, WhatsApp, Configuration: paste the callback URL and the same verify token, then subscribe to <code>messages</code>. The address must be reachable over HTTPS.</p>
          ${this.channel.webhook_url ? copyable(this.portal, 'Callback URL', this.channel.webhook_url) : html`<p class="fine">The path is <code>/api/channels/${this.channel.channel}</code> on the public address of this server.</p>`}</div></li>
        <li><span class="dot">6</span><div><p class="step-title">Write to your number</p>${this.arriving()}</div></li>
      </ol>`;
  }
}
customElements.define('greenroom-cloud', Cloud);
