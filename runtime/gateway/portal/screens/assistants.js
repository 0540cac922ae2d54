// `<greenroom-assistants>`: what answers, with which models, tools and plugins.

import { html, nothing } from '../lit.js';
import { Plain } from '../core/element.js';
import { Resource } from '../core/resource.js';
import { badge, head, shown } from '../parts/ui.js';

/** @typedef {{name: string, kind?: string, purpose?: string, sees?: string | string[], uses?: string[] | string, state?: string, reason?: string}} Part */

/** @type {[string, string, string][]} */
const SECTIONS = [
  ['assistants', 'Assistants', 'They read messages and write the answers.'],
  ['models', 'Models', 'Language models that assistants ask.'],
  ['tools', 'Tools', 'What a model may call.'],
  ['plugins', 'Plugins', 'Small programs in a sandbox.'],
];

/** @param {string[] | string | undefined} value */
const text = (value) => (Array.isArray(value) ? value.join(', ') : value || '');

/** @param {string} state @returns {[string, string]} */
function tone(state) {
  if (/^(ready|running|ok|on|known)$/.test(state)) return ['good', 'Ready'];
  if (/^(away|waiting|starting|paused)/.test(state)) return ['wait', state.charAt(0).toUpperCase() + state.slice(1)];
  if (/^(failed|broken|error|missing|off)/.test(state)) return ['bad', state.charAt(0).toUpperCase() + state.slice(1)];
  return ['idle', state.charAt(0).toUpperCase() + state.slice(1)];
}

class Assistants extends Plain {
  constructor() {
    super();
    /** @type {Map<string, Resource>} */
    this.lists = new Map(SECTIONS.map(([path]) => [path, new Resource(this, () => this.portal, (api) => api.get(`/${path}`))]));
  }

  /** @param {Part} row */
  row(row) {
    return html`
      <li><div><p><strong><bdi>${row.name}</bdi></strong> ${row.kind ? html`<span class="place">${row.kind}</span>` : nothing}</p>
          ${row.purpose ? html`<p>${row.purpose}</p>` : nothing}
          ${text(row.sees) ? html`<p class="fine">Sees ${text(row.sees)}</p>` : nothing}
          ${row.reason ? html`<p class="fine">${row.reason}</p>` : nothing}
          ${text(row.uses) ? html`<p class="fine">Uses ${text(row.uses)}</p>` : nothing}</div>
        ${row.state ? badge(...tone(row.state)) : nothing}</li>`;
  }

  render() {
    return html`
      ${head('Assistants', 'What answers, and what it may see and reach')}
      <div class="halves">${SECTIONS.map(([path, title, lead]) => {
        const list = /** @type {Resource} */ (this.lists.get(path));
        return html`
          <section class="panel" aria-label=${title}>
            <div class="panel-head"><div class="panel-title"><h2>${title}</h2><p class="fine">${lead}</p></div></div>
            ${shown(list, (rows) => (rows.length ? html`<ul class="rows">${rows.map((/** @type {Part} */ row) => this.row(row))}</ul>` : html`<p class="none">None is configured.</p>`), 2)}
          </section>`;
      })}</div>`;
  }
}
customElements.define('greenroom-assistants', Assistants);
