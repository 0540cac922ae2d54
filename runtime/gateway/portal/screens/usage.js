// `<greenroom-usage>`: what answers cost.

import { html, nothing, svg } from '../lit.js';
import { Plain } from '../core/element.js';
import { Resource } from '../core/resource.js';
import { compact, count, money } from '../core/format.js';
import { empty, head, shown } from '../parts/ui.js';

/** @type {[string, string][]} */
const BY = [['day', 'Days'], ['assistant', 'Assistants'], ['model', 'Models'], ['conversation', 'Conversations'], ['person', 'People']];
const DAYS = [7, 30, 90];
const DAY = 24 * 3_600_000;

class Usage extends Plain {
  static properties = { by: { state: true }, days: { state: true } };

  constructor() {
    super();
    this.by = 'day';
    this.days = 30;
    this.list = new Resource(this, () => this.portal, (api) => {
      const day = (/** @type {number} */ ago) => new Date(this.portal.now() - ago * DAY).toISOString().slice(0, 10);
      return api.get(`/usage?by=${this.by}&from=${day(this.days - 1)}&to=${day(0)}`);
    }, ['counts']);
  }

  /** @param {string} by @param {number} days */
  choose(by, days) {
    this.by = by;
    this.days = days;
    this.list.load();
  }

  /** Bars of days. The table below says the same in numbers. @param {any} view */
  chart(view) {
    const cost = view.total.cost_millionths > 0;
    const of = (/** @type {any} */ sum) => (cost ? sum.cost_millionths : sum.turns);
    const most = Math.max(1, ...view.sums.map(of));
    const width = 100 / Math.max(view.sums.length, 1);
    return html`
      <figure class="chart"><figcaption class="fine">${cost ? `Cost a day, ${view.currency}` : 'Answers a day'}</figcaption>
        <svg viewBox="0 0 100 32" preserveAspectRatio="none" aria-hidden="true">${view.sums.map((/** @type {any} */ sum, /** @type {number} */ at) => {
          const height = (of(sum) / most) * 32;
          return svg`<rect x=${at * width + width * 0.15} y=${32 - height} width=${width * 0.7} height=${height} rx="0.4"/>`;
        })}</svg>
        <div class="chart-ends fine"><span>${view.sums[0]?.of}</span><span>${view.sums[view.sums.length - 1]?.of}</span></div>
      </figure>`;
  }

  /** @param {any} sum */
  name(sum) {
    if (sum.name || sum.address) return html`<bdi>${[sum.name, sum.address].filter(Boolean).join(', ')}</bdi>`;
    if (sum.chat) return html`<bdi>${sum.chat}</bdi>`;
    return sum.of ?? html`<em>not known</em>`;
  }

  /** @param {any} view */
  all(view) {
    if (!view.total.turns && !view.billed_total) return empty('usage', 'Nothing was spent in this time', 'Answers of models, and messages that a network bills, are counted here.');
    const { total } = view;
    return html`
      <dl class="tiles">
        <div><dt>Answers</dt><dd>${compact(total.turns)}</dd></div>
        <div><dt>Tokens read</dt><dd>${compact(total.tokens_in)}</dd></div>
        <div><dt>Tokens written</dt><dd>${compact(total.tokens_out)}</dd></div>
        <div><dt>Cost of models</dt><dd>${total.cost_millionths ? money(total.cost_millionths, view.currency) : '–'}</dd></div>
        <div><dt>Billed messages</dt><dd>${compact(view.billed_total)}</dd></div>
      </dl>
      <section class="panel" aria-label="Sums">
        <div class="filters" role="group" aria-label="Sums by">${BY.map(([key, title]) => html`<button class="chip" aria-pressed=${this.by === key ? 'true' : 'false'} @click=${() => this.choose(key, this.days)}>${title}</button>`)}</div>
        ${view.by === 'day' && view.sums.length > 1 ? this.chart(view) : nothing}
        <div class="scroll" tabindex="0" role="region" aria-label="Table of sums"><table>
          <thead><tr><th scope="col">${BY.find(([key]) => key === view.by)?.[1] || view.by}</th><th scope="col">Answers</th><th scope="col">Read</th><th scope="col">Written</th><th scope="col">Cost</th></tr></thead>
          <tbody>${view.sums.map((/** @type {any} */ sum) => html`<tr><th scope="row">${this.name(sum)}</th><td>${count(sum.turns)}</td><td>${compact(sum.tokens_in)}</td><td>${compact(sum.tokens_out)}</td><td>${sum.cost_millionths ? money(sum.cost_millionths, view.currency) : '–'}</td></tr>`)}</tbody>
        </table></div>
        ${view.left_out ? html`<p class="fine">${count(view.left_out)} smaller sums are left out.</p>` : nothing}
      </section>`;
  }

  render() {
    const choice = html`<div class="filters" role="group" aria-label="Time">${DAYS.map((days) => html`<button class="chip" aria-pressed=${this.days === days ? 'true' : 'false'} @click=${() => this.choose(this.by, days)}>${days} days</button>`)}</div>`;
    return html`${head('Usage', 'What answers cost', choice)}${shown(this.list, (view) => this.all(view))}`;
  }
}
customElements.define('greenroom-usage', Usage);
