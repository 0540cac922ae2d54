// `<greenroom-why>`: recent decisions, and what was refused.

import { html, nothing } from '../lit.js';
import { Plain } from '../core/element.js';
import { Resource } from '../core/resource.js';
import { part } from '../core/api.js';
import { icon } from '../core/icons.js';
import { count, words } from '../core/format.js';
import { grouped } from '../core/phone.js';
import { age, empty, head, shown } from '../parts/ui.js';
import { gaps, way } from '../parts/explain.js';
import { decision, outcome, senders } from '../parts/trace.js';

/** Messages that are asked for. */
const LATEST = 100;

/** @typedef {import('../core/types.js').Trace} Trace */

/** @type {[string, string, (trace: Trace) => boolean][]} */
const FILTERS = [
  ['all', 'All', () => true],
  ['refused', 'Refused', (trace) => outcome(trace)[1] === 'Refused'],
  ['failed', 'Failed', (trace) => ['Failed', 'Held'].includes(outcome(trace)[1])],
  ['uncertain', 'Uncertain', (trace) => outcome(trace)[1] === 'Uncertain'],
];

class Why extends Plain {
  static properties = { route: { attribute: false }, filter: { state: true } };

  constructor() {
    super();
    /** @type {string[]} */
    this.route = [];
    this.filter = 'all';
    this.list = new Resource(this, () => this.portal, (api) => {
      if (this.route[1]) return api.get(`/why/${part(this.route[1])}`);
      return api.get(`/why?last=${LATEST}${this.filter === 'refused' ? '&state=refused' : ''}`);
    }, ['counts', 'failed']);
    this.refused = new Resource(this, () => this.portal, (api) => api.get('/refused'), ['counts']);
    this.today = new Resource(this, () => this.portal, (api) => api.get('/refusals?days=1'), ['counts']);
    this.sessions = new Resource(this, () => this.portal, (api) => api.get('/sessions'), []);
  }

  /** @param {string} filter */
  choose(filter) {
    const asks = filter === 'refused' || this.filter === 'refused';
    this.filter = filter;
    if (asks) this.list.load();
  }

  /** @param {Trace} trace @param {string} entry */
  admit(trace, entry) {
    const session = trace.session ?? /** @type {any} */ (trace).account;
    const channel = (this.sessions.value || []).find((/** @type {any} */ row) => row.session === session)?.channel;
    return this.act(async () => {
      const place = channel ? `/channels/${part(channel)}` : `/sessions/${part(session)}`;
      await this.portal.api.put(`${place}/allow/${part(entry)}`);
      this.portal.say({ text: `${grouped(entry)} may talk to ${channel ? words(channel) : session} from now on` });
    });
  }

  /** @param {Trace} trace */
  remedy(trace) {
    if (outcome(trace)[1] !== 'Refused' || !this.portal.may('settings')) return nothing;
    const known = senders(trace);
    return known.map((entry) => html`<button class="button small" ?disabled=${this.busy} @click=${() => this.admit(trace, entry)}>${icon('plus')}Allow ${grouped(entry)}</button>`);
  }

  /** @param {Trace[]} traces */
  feed(traces) {
    const fits = FILTERS.find(([key]) => key === this.filter)?.[2] || (() => true);
    const rows = traces.filter(fits);
    if (!traces.length) return empty('why', 'Nothing was decided yet', 'Each message leaves a line here: who wrote, what was decided, and by which rule.');
    if (!rows.length) return html`<p class="none" role="status">None of the newest messages are ${this.filter}.</p>`;
    return html`<ul class="panel decisions">${rows.map((trace, at) => html`<li>${decision(trace, this.portal, this.remedy(trace), !!this.route[1] && at === 0)}</li>`)}</ul>`;
  }

  /** A message that left a trace, with its stages; or what is known of one that never arrived. @param {Trace[]} traces */
  one(traces) {
    if (!traces.length) {
      return html`${empty('why', 'Nothing is known about this message', 'A message that never reached the server leaves no trace. This is when nothing could arrive.')}
        ${shown(this.sessions, (rows) => gaps(rows))}`;
    }
    return html`${this.feed(traces)}${traces.map((trace) => (trace.way?.length ? html`
      <section class="panel" aria-labelledby="${this.ids}-way"><div class="panel-head"><h2 id="${this.ids}-way">Stage by stage</h2></div>${way(trace.way)}</section>` : nothing))}`;
  }

  /** @param {{day: string, channel: string, cause: string, what: string, count: number}[]} rows */
  counted(rows) {
    if (!rows.length) return html`<p class="none">No message was refused today.</p>`;
    return html`<ul class="rows">${rows.map((row) => html`
      <li><div><p><strong>${words(row.channel)}</strong></p><p class="fine">${row.what}</p></div><div class="row-end"><strong class="big">${count(row.count)}</strong></div></li>`)}</ul>`;
  }

  /** @param {{cause: string, what: string, channel?: string, count: number, first_ms: number, last_ms: number}[]} rows */
  outside(rows) {
    if (!rows.length) return html`<p class="none">Nothing was turned away.</p>`;
    return html`<ul class="rows">${rows.map((row) => html`
      <li><div><p><strong>${words(row.cause)}</strong>${row.channel ? ` · ${words(row.channel)}` : nothing}</p><p class="fine">${row.what}</p></div>
        <div class="row-end"><strong class="big">${count(row.count)}</strong><span class="fine">last ${age(row.last_ms, this.portal.now())}</span></div></li>`)}</ul>`;
  }

  render() {
    if (this.route[1]) {
      return html`<p class="crumb"><a href="#/why">${icon('back')}Decisions</a></p>${head('One message', html`<code>${this.route[1]}</code>`)}${shown(this.list, (rows) => this.one(rows))}`;
    }
    return html`
      ${head('Decisions', 'Why each message was, or was not, answered')}
      <div class="columns">
        <div>
          <div class="filters" role="group" aria-label="Which messages">${FILTERS.map(([key, title]) => html`<button class="chip" aria-pressed=${this.filter === key ? 'true' : 'false'} @click=${() => this.choose(key)}>${title}</button>`)}</div>
          ${shown(this.list, (rows) => this.feed(rows), 5)}
        </div>
        <div>
        <section class="panel" aria-labelledby="${this.ids}-today"><div class="panel-head"><h2 id="${this.ids}-today">Refused today</h2></div>${shown(this.today, (rows) => this.counted(rows))}</section>
        <section class="panel" aria-labelledby="${this.ids}-out"><div class="panel-head"><h2 id="${this.ids}-out">Turned away, by cause</h2></div>${shown(this.refused, (rows) => this.outside(rows))}</section>
        </div>
      </div>`;
  }
}
customElements.define('greenroom-why', Why);
