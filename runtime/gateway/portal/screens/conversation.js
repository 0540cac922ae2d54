// `<greenroom-conversation>`: one conversation: what was said, what was decided, and what its owner can do.

import { html, nothing, repeat, live } from '../lit.js';
import { Plain } from '../core/element.js';
import { Clock } from '../core/clock.js';
import { Resource } from '../core/resource.js';
import { Problem, part, sentence } from '../core/api.js';
import { icon } from '../core/icons.js';
import { exact, moment, words } from '../core/format.js';
import { grouped } from '../core/phone.js';
import { head, shown } from '../parts/ui.js';
import { confirm } from '../parts/confirm.js';
import { decision } from '../parts/trace.js';
import { isPaused, marks, nameOf } from './conversations.js';

const HOUR = 3_600_000;
/** Traces that are looked through for those of this conversation. */
const TRACES_READ = 200;

/** @typedef {import('../core/types.js').Turn} Turn */

class ConversationScreen extends Plain {
  static properties = { number: {}, text: { state: true }, refused: { state: true } };

  constructor() {
    super();
    this.number = '';
    this.text = '';
    /** The key of the words that may be on their way, and those words. */
    this.key = '';
    this.keyed = '';
    this.refused = '';
    const at = () => `/conversations/${part(this.number)}`;
    this.one = new Resource(this, () => this.portal, (api) => api.get(at()), ['state', 'counts']);
    this.turns = new Resource(this, () => this.portal, (api) => (this.portal.may('text') ? api.get(`${at()}/turns`) : Promise.resolve(null)), ['state', 'counts']);
    this.traces = new Resource(this, () => this.portal, (api) => api.get(`/why?last=${TRACES_READ}`), ['counts']);
    new Clock(this, 10_000);
  }

  get path() {
    return `/conversations/${part(this.number)}`;
  }

  /** @param {number | undefined} until */
  pause(until) {
    return this.act(async () => {
      await this.portal.api.post(`${this.path}/pause`, until ? { until_ms: until } : {});
      this.portal.say({ text: 'The assistant is silent here' });
      await this.one.load();
    });
  }

  resume() {
    return this.act(async () => {
      await this.portal.api.post(`${this.path}/resume`);
      this.portal.say({ text: 'The assistant answers here' });
      await this.one.load();
    });
  }

  /** @param {import('../core/types.js').Conversation} row */
  async forget(row) {
    const yes = await confirm(this, {
      title: `Forget the conversation with ${nameOf(row)}?`,
      text: html`<p>What was said, and what the assistant remembers of it, is deleted here. It stays on the phones of those who wrote it.</p><p>The person stays on the list and can write at any time.</p>`,
      action: 'Forget', danger: true,
    });
    if (!yes) return;
    return this.act(async () => {
      await this.portal.api.del(this.path);
      this.portal.say({ text: 'The conversation was forgotten' });
      location.hash = '#/conversations';
    });
  }

  /** @param {Event} event */
  async send(event) {
    event.preventDefault();
    const text = this.text.trim();
    if (!text || this.busy) return;
    // The same words sent twice by a shaky network are one message: the key stays until it is known what became of them.
    if (!this.key || this.keyed !== text) [this.key, this.keyed] = [crypto.randomUUID?.() || String(Math.random()).slice(2), text];
    this.busy = true;
    this.refused = '';
    try {
      await this.portal.api.post(`${this.path}/messages`, { text }, { 'Idempotency-Key': this.key });
      this.text = '';
      this.key = '';
      this.portal.say({ text: 'Handed over for sending' });
      await this.turns.load();
    } catch (error) {
      this.refused = sentence(error);
      // A server that is overtaxed, or a proxy before it, may have taken them all the same.
      if (error instanceof Problem && error.status >= 400 && error.status < 500) this.key = '';
    }
    this.busy = false;
    this.requestUpdate();
  }

  /** @param {Turn} turn */
  turn(turn) {
    const from = turn.from === 'person' ? turn.name || 'Person' : turn.from === 'bot' ? 'Assistant' : 'You';
    return html`
      <li class="turn from-${turn.from}">
        <p class="turn-head"><strong><bdi>${from}</bdi></strong><time class="fine" datetime=${new Date(turn.at_ms).toISOString()} title=${exact(turn.at_ms)}>${moment(turn.at_ms, this.portal.now())}</time></p>
        <p class="turn-text">${turn.text || html`<em>${words(turn.kind || 'without words')}</em>`}</p>
      </li>`;
  }

  talk() {
    if (!this.portal.may('text')) return html`<p class="notice">${icon('info')}<span>The text is hidden: this log-in may not read it.</span></p>`;
    return shown(this.turns, (value) => (value?.items.length
      ? html`<ol class="turns" tabindex="0" aria-label="Messages">${repeat(value.items, (/** @type {Turn} */ turn, /** @type {number} */ n) => `${turn.at_ms} ${n}`, (turn) => this.turn(turn))}</ol>`
      : html`<p class="none">Nothing is kept of this conversation.</p>`));
  }

  writing() {
    if (!this.portal.may('send')) return nothing;
    return html`
      <form class="write" @submit=${this.send}>
        <label for="${this.ids}-text">Write a message</label>
        <div class="together">
          <textarea class="input" id="${this.ids}-text" rows="2" .value=${live(this.text)} aria-describedby=${this.refused ? `${this.ids}-no` : nothing} aria-invalid=${this.refused ? 'true' : 'false'}
            @input=${(/** @type {any} */ event) => { this.text = event.target.value; this.refused = ''; }}></textarea>
          <button class="button primary" aria-disabled=${this.text.trim() ? 'false' : 'true'}>${icon('send')}Send</button>
        </div>
        ${this.refused ? html`<p class="fault" role="alert" id="${this.ids}-no">${this.refused}</p>` : nothing}
      </form>`;
  }

  /** @param {import('../core/types.js').Conversation} row */
  actions(row) {
    const now = this.portal.now();
    const paused = isPaused(row, now);
    return html`
      ${!this.portal.may('control') ? nothing : paused
        ? html`<button class="button" ?disabled=${this.busy} @click=${() => this.resume()}>${icon('play')}Resume</button>`
        : html`<button class="button" ?disabled=${this.busy} @click=${() => this.pause(now + HOUR)}>${icon('pause')}Pause for an hour</button>
               <button class="button" ?disabled=${this.busy} @click=${() => this.pause(undefined)}>Pause</button>`}
      ${this.portal.may('delete') ? html`<button class="button quiet" ?disabled=${this.busy} @click=${() => this.forget(row)}>${icon('trash')}Forget</button>` : nothing}`;
  }

  /** @param {import('../core/types.js').Conversation} row */
  all(row) {
    const mine = (this.traces.value || []).filter((/** @type {any} */ trace) => trace.conversation === row.conversation);
    return html`
      ${head(nameOf(row), html`${row.group ? 'Group' : grouped(row.person || row.chat)} · ${words(row.channel)} · ${row.assistant} <span class="marks">${marks(row, this.portal.now())}</span>`, this.actions(row))}
      <div class="columns">
        <section class="panel talk" aria-label="Messages">${this.talk()}${this.writing()}</section>
        <section class="panel" aria-labelledby="${this.ids}-why">
          <div class="panel-head"><h2 id="${this.ids}-why">Decisions</h2></div>
          ${shown(this.traces, () => (mine.length ? html`<ul class="decisions">${mine.map((/** @type {any} */ trace) => html`<li>${decision(trace, this.portal)}</li>`)}</ul>` : html`<p class="none">None of the newest messages belong to this conversation.</p>`))}
        </section>
      </div>`;
  }

  render() {
    return html`<p class="crumb"><a href="#/conversations">${icon('back')}Conversations</a></p>
      ${this.one.value ? shown(this.one, (row) => this.all(row)) : html`${head('Conversation')}${shown(this.one, () => nothing)}`}`;
  }
}
customElements.define('greenroom-conversation', ConversationScreen);
