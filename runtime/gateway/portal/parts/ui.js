// Small pieces that every screen is made of.

import { html, nothing } from '../lit.js';
import { icon } from '../core/icons.js';
import { ago, exact, span } from '../core/format.js';

/** @type {Record<string, import('../core/icons.js').Icon>} */
const TONE_ICON = { good: 'check', busy: 'waiting', wait: 'waiting', bad: 'warn', idle: 'info' };

/** A coloured word. The icon and the word say the same as the colour. @param {string} tone @param {string} word */
export const badge = (tone, word) => html`<span class="badge ${tone}">${icon(TONE_ICON[tone] || 'info')}<span>${word}</span></span>`;

/** A moment as an age, with the exact time for who asks. @param {number} at @param {number} now */
export const age = (at, now) => html`<time datetime=${new Date(at).toISOString()} title=${exact(at)}>${ago(at, now)}</time>`;

/** The head of a screen. @param {string} title @param {unknown} [lead] @param {unknown} [actions] */
export const head = (title, lead, actions) => html`
  <header class="head">
    <div><h1 tabindex="-1">${title}</h1>${lead ? html`<p class="lead">${lead}</p>` : nothing}</div>
    ${actions ? html`<div class="actions">${actions}</div>` : nothing}
  </header>`;

/** Where a list will be. @param {number} [rows] */
export const skeleton = (rows = 3) => html`
  <div class="skeleton" role="status"><span class="hidden">Loading</span>
    ${Array.from({ length: rows }, () => html`<div class="bone" aria-hidden="true"><i></i><b></b></div>`)}
  </div>`;

/** Nothing is there, and what comes first. @param {import('../core/icons.js').Icon} name @param {string} title @param {unknown} text @param {unknown} [action] */
export const empty = (name, title, text, action) => html`
  <div class="empty"><span class="bubble">${icon(name)}</span><h2>${title}</h2><p>${text}</p>${action ?? nothing}</div>`;

/** A failure that can be tried again. @param {import('../core/resource.js').Resource} resource */
const failed = (resource) => {
  const request = /** @type {any} */ (resource.error)?.request;
  return html`
    <div class="notice bad" role="alert">${icon('warn')}
      <div><p><strong>This could not be loaded.</strong> ${resource.reason}</p>
        ${request ? html`<p class="fine">Request ${request}</p>` : nothing}</div>
      <button class="button" @click=${() => resource.load()}>Try again</button>
    </div>`;
};

/** What is shown may be old. @param {import('../core/resource.js').Resource} resource */
const stale = (resource) => html`
  <div class="notice wait" role="status">${icon('waiting')}
    <p><strong>Updates stopped ${span(Date.now() - resource.staleSince)} ago.</strong> ${resource.reason}</p>
    <button class="button small" @click=${() => resource.load()}>Try again</button>
  </div>`;

/** A resource in whatever state it is in. @param {import('../core/resource.js').Resource} resource @param {(value: any) => unknown} draw @param {number} [rows] */
export function shown(resource, draw, rows) {
  if (resource.value === undefined) {
    if (resource.error !== undefined) return failed(resource);
    return resource.waited ? skeleton(rows) : nothing;
  }
  return html`${resource.staleSince ? stale(resource) : nothing}${draw(resource.value)}`;
}

/** Copies a text. @param {import('../core/portal.js').Portal} portal @param {string} text @param {string} what */
export async function copy(portal, text, what) {
  try {
    await navigator.clipboard.writeText(text);
    portal.say({ text: `${what} copied` });
  } catch {
    portal.say({ text: 'The browser does not allow copying here. Select the text and copy it by hand.', kind: 'bad' });
  }
}

/** A value with a button that copies it. @param {import('../core/portal.js').Portal} portal @param {string} label @param {string} value */
export const copyable = (portal, label, value) => html`
  <div class="copyable"><span class="copy-label">${label}</span><code>${value}</code>
    <button class="button small" @click=${() => copy(portal, value, label)}>${icon('copy')}Copy<span class="hidden"> ${label}</span></button>
  </div>`;

/** What to do now, with a link where this page can do it. @param {import('../core/types.js').Next | null | undefined} next */
export function nextStep(next) {
  if (!next) return nothing;
  const said = next.sentence.charAt(0).toUpperCase() + next.sentence.slice(1);
  return html`<p class="next">${icon('next')}<span>${said}.</span></p>`;
}

/** An address within the page. @param {...unknown} parts */
export const to = (...parts) => `#/${parts.map((part) => encodeURIComponent(String(part))).join('/')}`;
