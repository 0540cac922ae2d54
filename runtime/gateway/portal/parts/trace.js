// Why a message was, or was not, answered: a line from the sender to the receipt.

import { html, nothing } from '../lit.js';
import { icon } from '../core/icons.js';
import { exact, moment, span } from '../core/format.js';
import { grouped } from '../core/phone.js';
import { badge } from './ui.js';

/** @typedef {import('../core/types.js').Trace} Trace */
/** @typedef {'good'|'bad'|'wait'|'idle'} Mark */

/** Beginnings of the words of a step, and how it is marked. @type {[RegExp, Mark][]} */
const MARKS = [
  [/^(not answered|the assistant failed|quarantined|held|dropped|could not be prepared|given up)/, 'bad'],
  [/^(not sent yet|unknown whether|.* is away)/, 'wait'],
  [/^(admitted|answered|sent as|network says (delivered|read|sent))/, 'good'],
];

/** @param {string} what @returns {Mark} */
export const markOf = (what) => MARKS.find(([pattern]) => pattern.test(what))?.[1] || 'idle';

/** How it ended, as a word with a colour. @param {Trace} trace @returns {[Mark, string]} */
export function outcome(trace) {
  const states = trace.parcels.map(({ state }) => state);
  if (states.some((state) => state === 'held')) return ['bad', 'Held'];
  if (states.some((state) => state === 'uncertain')) return ['wait', 'Uncertain'];
  const last = [...trace.steps].reverse().map(({ what }) => what);
  if (last.some((what) => what.startsWith('not answered'))) return ['idle', 'Refused'];
  if (last.some((what) => what.startsWith('answered'))) return ['good', 'Answered'];
  if (last.some((what) => /^(the assistant failed|quarantined|could not be prepared)/.test(what))) return ['bad', 'Failed'];
  return ['wait', 'Under way'];
}

/** The phone numbers by which a refused sender is known. @param {Trace} trace */
export function senders(trace) {
  for (const { what } of trace.steps) {
    const known = /\(known as ([^)]*)\)/.exec(what)?.[1];
    if (known) return known.split(', ').filter((entry) => /^\+\d{7,15}$/.test(entry));
  }
  return [];
}

/** @param {{at_ms: number, what: string}} step @param {number} begun */
const step = (step, begun) => html`
  <li class="step ${markOf(step.what)}"><span class="step-dot" aria-hidden="true">${markOf(step.what) === 'good' ? icon('check') : markOf(step.what) === 'bad' ? icon('cross') : nothing}</span>
    <span class="step-what">${step.what}</span><time class="fine" datetime=${new Date(step.at_ms).toISOString()} title=${exact(step.at_ms)}>${step.at_ms - begun < 1_000 ? `+${Math.max(0, step.at_ms - begun)} ms` : `+${span(step.at_ms - begun)}`}</time></li>`;

/** The whole line. @param {Trace} trace */
export function line(trace) {
  const begun = trace.steps[0]?.at_ms || 0;
  return html`
    <ol class="steps">
      ${trace.steps.map((one) => step(one, begun))}
      ${trace.parcels.map((parcel) => html`
        <li class="parcel"><span class="fine">Message ${parcel.id} · ${parcel.state}</span><ol class="steps">${parcel.steps.map((one) => step(one, begun))}</ol></li>`)}
    </ol>`;
}

/** A message as something that opens. @param {Trace} trace @param {import('../core/portal.js').Portal} portal @param {unknown} [more] what can be done about it @param {boolean} [open] */
export function decision(trace, portal, more, open) {
  const [mark, word] = outcome(trace);
  const at = trace.steps[0]?.at_ms;
  return html`
    <details class="decision" ?open=${open}>
      <summary><span class="decision-main">${badge(mark, word)}<bdi class="decision-chat">${trace.chat ? grouped(trace.chat) : 'a chat that is no longer known'}</bdi></span>
        ${at ? html`<time class="fine" datetime=${new Date(at).toISOString()} title=${exact(at)}>${moment(at, portal.now())}</time>` : nothing}</summary>
      ${line(trace)}
      <p class="fine decision-id">Message <code>${trace.message}</code> in ${trace.session ?? /** @type {any} */ (trace).account}</p>
      ${more ?? nothing}
    </details>`;
}
