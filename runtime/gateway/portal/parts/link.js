// `<greenroom-connect>`: the way from nothing to a linked account: who may talk, the warning, the code, done.

import { html, nothing } from '../lit.js';
import { Plain } from '../core/element.js';
import { Clock } from '../core/clock.js';
import { Problem, part, sentence } from '../core/api.js';
import { icon } from '../core/icons.js';
import { grouped, read } from '../core/phone.js';
import { DraftList } from '../core/lists.js';
import { Progress } from './progress.js';
import { copy, nextStep } from './ui.js';
import { warning } from './warning.js';
import * as steps from './steps.js';
import './allow.js';

/** @typedef {'people'|'warning'|'code'} Stage */
const STAGES = /** @type {[Stage, string][]} */ ([['people', 'Who may talk to it'], ['warning', 'Before you link'], ['code', 'Link the phone']]);

class Connect extends Plain {
  static properties = {
    channel: { attribute: false },
    /** A session that is linked again, or whose linking is already under way. */
    session: {},
    stage: { state: true },
    allowed: { state: true },
    accepted: { state: true },
    phone: { state: true },
    byCode: { state: true },
    refused: { state: true },
    answered: { state: true },
  };

  constructor() {
    super();
    /** @type {import('../core/types.js').Channel} */
    this.channel;
    this.session = '';
    /** @type {Stage} */
    this.stage = 'people';
    this.allowed = -1;
    this.accepted = false;
    this.phone = '';
    // A phone cannot scan its own screen.
    this.byCode = matchMedia('(max-width: 640px) and (pointer: coarse)').matches;
    /** @type {Problem | null} */
    this.refused = null;
    this.progress = new Progress(this, () => this.portal);
    this.clock = new Clock(this, 1_000);
    this.answered = false;
  }

  connectedCallback() {
    super.connectedCallback();
    this.unlisten = this.portal?.live.listen(({ kind, data }) => {
      if (kind === 'counts' && data.session === this.session && data.answered > 0) this.answered = true;
    });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unlisten?.();
  }

  /** @param {Map<string, unknown>} changed */
  willUpdate(changed) {
    if (changed.has('channel') && this.allowed < 0 && this.channel) {
      this.draft = this.portal.ownsChannels ? undefined : new DraftList();
      this.allowed = this.draft ? 0 : this.channel.allowed;
    }
    if (changed.has('session') && this.session && this.session !== this.progress.session) {
      this.progress.follow(this.session);
      this.stage = 'code';
    }
    const step = this.progress.step;
    if (step?.step === 'done' && this.done !== this.session) {
      this.done = this.session;
      this.portal.announce(`Linked: ${step.label}`);
      this.emit('linked', { session: this.session, label: step.label, channel: this.channel?.channel });
    }
  }

  /** @param {Stage} stage */
  async turn(stage) {
    this.refused = null;
    this.stage = stage;
    await this.updateComplete;
    /** @type {HTMLElement | null} */ (this.querySelector('h2'))?.focus();
  }

  get methods() {
    return this.channel?.methods?.length ? this.channel.methods : ['qr'];
  }

  /** Begins to link: a new session, or this one. */
  begin() {
    const phone = this.byCode ? read(this.phone) : null;
    if (phone && (phone.error || !phone.entry)) {
      this.refused = new Problem({ code: 'bad-phone', detail: phone.error || 'Type the number of the phone that you link, with + and the country code.' });
      return;
    }
    return this.attempt(async () => {
      const body = { channel: this.channel.channel, accept_risk: this.accepted, ...(this.draft && { allow: this.draft.entries }), ...(this.session && { session: this.session }), ...(phone && { phone: phone.entry }) };
      const made = await this.portal.api.post('/sessions', body);
      this.session = made.session;
      this.progress.follow(made.session);
      this.emit('linking', { session: made.session });
      await this.turn('code');
    });
  }

  /** Fresh codes, by the other method too. */
  refresh() {
    const phone = this.byCode ? read(this.phone) : null;
    if (phone?.error) {
      this.refused = new Problem({ code: 'bad-phone', detail: phone.error });
      return;
    }
    return this.attempt(async () => {
      if (!this.progress.known?.running) return this.restart();
      await this.portal.api.post(`/sessions/${part(this.session)}/link`, phone?.entry ? { phone: phone.entry } : {});
      this.progress.follow(this.session);
    });
  }

  async restart() {
    if (!this.accepted && this.channel.warning) return this.turn('warning');
    await this.begin();
  }

  /** @param {() => Promise<void> | void | undefined} action */
  async attempt(action) {
    this.refused = null;
    try {
      await action();
    } catch (error) {
      this.refused = error instanceof Problem ? error : new Problem({ detail: sentence(error) });
      this.emit('greenroom-problem', this.refused);
      if (this.refused.code === 'already-linking' && this.session) this.resume();
      if (this.refused.code === 'warning-not-accepted') this.stage = 'warning';
      if (this.refused.code === 'allow-list-empty') this.stage = 'people';
    }
  }

  /** It is being linked already, perhaps from another page: the code of that run is shown. */
  resume() {
    this.refused = null;
    this.progress.follow(this.session);
    this.stage = 'code';
  }

  cancel() {
    return this.attempt(async () => {
      await this.portal.api.del(`/sessions/${part(this.session)}/link`).catch((/** @type {unknown} */ error) => {
        // A run that ended by itself needs no end.
        if (!(error instanceof Problem && (error.status === 409 || error.status === 404))) throw error;
      });
      this.emit('closed');
    });
  }

  rail() {
    const at = this.progress.step?.step === 'done' ? 3 : STAGES.findIndex(([stage]) => stage === this.stage);
    return html`
      <ol class="rail" aria-label="Steps">
        ${STAGES.map(([, title], place) => html`
          <li class=${place < at ? 'past' : place === at ? 'here' : ''} aria-current=${place === at ? 'step' : nothing}>
            <span class="dot">${place < at ? icon('check') : place + 1}</span><span>${title}</span></li>`)}
      </ol>`;
  }

  problem() {
    const refused = this.refused;
    if (!refused) return nothing;
    const limit = refused.code === 'maximum-sessions-reached' && refused.limit !== undefined
      ? html`<p>${refused.count ?? refused.limit} of ${refused.limit} are in use. Disconnect one, or raise the limit in the configuration.</p>` : nothing;
    return html`<div class="notice bad" role="alert">${icon('warn')}<div><p>${sentence(refused)}</p>${limit}${nextStep(refused.next)}</div></div>`;
  }

  people() {
    const ready = this.allowed > 0;
    const id = `${this.ids}-why`;
    return html`
      <h2 tabindex="-1">Who may talk to it</h2>
      <p class="fine">Only people on this list are answered. You can change it at any time.</p>
      <greenroom-allow .portal=${this.portal} .draft=${this.draft} place="/channels/${part(this.channel.channel)}"
        @allow-changed=${(/** @type {CustomEvent} */ event) => (this.allowed = event.detail.entries.length)}></greenroom-allow>
      <div class="buttons">
        ${ready ? nothing : html`<p class="fine reason" id=${id}>Add at least one number before linking.</p>`}
        <button class="button" @click=${() => this.emit('closed')}>Cancel</button>
        <button class="button primary" aria-disabled=${ready ? 'false' : 'true'} aria-describedby=${ready ? nothing : id}
          @click=${() => (ready ? this.turn('warning') : this.querySelector('input')?.focus())}>Continue</button>
      </div>`;
  }

  methodChoice() {
    if (!this.methods.includes('code')) return nothing;
    return html`
      <fieldset class="choice"><legend>How to link</legend>
        <label><input type="radio" name="${this.ids}-how" .checked=${!this.byCode} @change=${() => (this.byCode = false)}><span><strong>Scan a QR code</strong><br><span class="fine">with the camera of the phone</span></span></label>
        <label><input type="radio" name="${this.ids}-how" .checked=${this.byCode} @change=${() => (this.byCode = true)}><span><strong>Type a code</strong><br><span class="fine">on the phone itself, eight characters</span></span></label>
      </fieldset>
      ${this.byCode ? this.phoneField() : nothing}`;
  }

  phoneField() {
    return html`
      <label class="field" for="${this.ids}-phone"><span>Number of the phone that you link</span>
        <input class="input" id="${this.ids}-phone" type="tel" inputmode="tel" autocomplete="off" placeholder="+1 555 000 0001" .value=${this.phone}
          @input=${(/** @type {any} */ event) => (this.phone = event.target.value)}></label>`;
  }

  warned() {
    const ready = this.accepted || !this.channel.warning;
    const id = `${this.ids}-why`;
    return html`
      <h2 tabindex="-1">Before you link</h2>
      ${this.channel.warning || this.refused?.warning
        ? warning(this.channel.warning || this.refused?.warning, this.accepted, this.ids, (accepted) => (this.accepted = accepted)) : nothing}
      ${this.methodChoice()}
      <div class="buttons">
        ${ready ? nothing : html`<p class="fine reason" id=${id}>Tick the sentence above first.</p>`}
        <button class="button" @click=${() => this.turn('people')}>Back</button>
        <button class="button primary" ?disabled=${this.busy} aria-disabled=${ready ? 'false' : 'true'} aria-describedby=${ready ? nothing : id}
          @click=${() => (ready ? this.act(async () => this.begin()) : /** @type {HTMLElement | null} */ (this.querySelector(`#${this.ids}-understood`))?.focus())}>${this.byCode ? 'Get a code' : 'Generate QR code'}</button>
      </div>`;
  }

  code() {
    const step = this.progress.step;
    if (step?.step === 'done') return this.finished(step.label);
    const failed = step?.step === 'failed' ? step : null;
    const over = failed || (this.progress.known && !this.progress.known.running);
    const told = step?.step === 'show' ? (step.form === 'qr' ? `QR code ${step.number} of ${step.of} is shown` : `The code is ${[...step.code].join(' ')}`) : '';
    return html`
      <h2 tabindex="-1">${this.progress.step?.step === 'wait' ? 'Finishing' : 'Link the phone'}</h2>
      <p class="hidden" aria-live="polite">${told}</p>
      ${this.progress.reason ? html`<div class="notice wait" role="status">${icon('waiting')}<p>${this.progress.reason} ${this.progress.gone ? '' : 'Trying again.'}</p></div>` : nothing}
      <div class="stage">${failed ? this.ended(failed) : this.current()}</div>
      ${this.methods.includes('code') && (over || step?.step === 'show') ? this.otherMethod() : nothing}
      <div class="buttons">
        <button class="button" @click=${() => (over ? this.emit('closed') : this.cancel())}>${over ? 'Close' : 'Cancel'}</button>
        <button class="button ${over ? 'primary' : ''}" ?disabled=${this.busy} @click=${() => this.act(async () => this.refresh())}>${icon('refresh')}${over ? 'Generate a new code' : this.byCode ? 'New code' : 'Refresh QR'}</button>
      </div>`;
  }

  otherMethod() {
    return html`
      <details class="other" ?open=${this.byCode}><summary>${this.byCode ? 'The number, or a QR code instead' : 'Use a code instead'}</summary>
        ${this.phoneField()}
        <div class="row">
          <button class="button small" ?disabled=${this.busy} @click=${() => this.act(async () => { this.byCode = true; await this.refresh(); })}>Get a code for this number</button>
          ${this.byCode ? html`<button class="button small" ?disabled=${this.busy} @click=${() => this.act(async () => { this.byCode = false; await this.refresh(); })}>Show a QR code</button>` : nothing}
        </div>
      </details>`;
  }

  current() {
    const step = this.progress.step;
    const now = this.portal.now();
    if (!step) {
      return this.progress.known && !this.progress.known.running
        ? html`<p class="fine">No code is shown now.</p>` : steps.waiting('Asking WhatsApp for a code. This takes a moment.', undefined, now);
    }
    switch (step.step) {
      case 'show':
        if (step.form === 'text') return steps.textCode(step, now, this.progress.shownAt, () => copy(this.portal, step.code, 'The code'));
        return this.progress.qr ? steps.qrCode(this.progress.qr, now, this.progress.shownAt) : steps.waiting('The next code is on its way.', undefined, now);
      case 'ask':
        return steps.question(step, this.ids, (answers) => this.act(() => this.portal.api.post(`/sessions/${part(this.session)}/link/answers`, { answers })), !!this.busy);
      case 'open':
        return steps.opening(step, now);
      case 'wait':
        return steps.waiting(step.guidance, step.valid_until_ms, now);
      default:
        return nothing;
    }
  }

  /** @param {Extract<import('../core/types.js').Step, {step: 'failed'}>} step */
  ended(step) {
    const { title, text } = steps.failure(step);
    return html`<div class="notice bad" role="alert">${icon('warn')}<div><p><strong>${title}</strong></p><p>${text}</p></div></div>`;
  }

  /** @param {string} label */
  finished(label) {
    const digits = /\+?(\d{7,15})/.exec(label)?.[1];
    return html`
      <div class="success">
        <span class="bubble good">${icon('check')}</span>
        <h2 tabindex="-1">Connected</h2>
        <p class="number"><bdi>${digits ? grouped(`+${digits}`) : label}</bdi></p>
        ${this.answered ? html`<p role="status"><strong>It answered its first message.</strong>${this.closest('greenroom-app') ? html` <a href="#/why">See why</a>` : nothing}</p>` : nothing}
        <p>Now write to it from a phone on the list.${digits ? html` <a href="https://wa.me/${digits}" target="_blank" rel="noopener noreferrer">Open the chat in WhatsApp</a>` : nothing}</p>
      </div>
      <div class="buttons"><button class="button primary" @click=${() => this.emit('closed')}>Done</button></div>`;
  }

  render() {
    if (!this.channel) return nothing;
    return html`
      <div class="connect">
        ${this.rail()}
        ${this.problem()}
        ${this.stage === 'people' ? this.people() : this.stage === 'warning' ? this.warned() : this.code()}
      </div>`;
  }
}
customElements.define('greenroom-connect', Connect);
