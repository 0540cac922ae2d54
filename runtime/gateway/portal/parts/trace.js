// Why a message was, or was not, answered: a line from the sender to the receipt.

import { html, nothing } from '../lit.js';
import { icon } from '../core/icons.js';
import { exact, moment, span } from '../core/format.js';
import { grouped } from '../core/phone.js';
import { badge } from './ui.js';

/** @typedef {import('../core/types.js').Trace} Trace */
/** @typedef {'good'|'bad'|'wait'|'idle'} Mark */

/** What was decided, by its code, and how it is marked. @type {Record<string, Mark>} */
const MARKS = {
  ignored: 'bad', failed: 'bad', quarantined: 'bad', held: 'bad', dropped: 'bad', not_taken: 'bad', interrupted: 'bad',
  send_failed: 'wait', uncertain: 'wait', away: 'wait', admitted: 'good', answered: 'good', sent: 'good', status: 'good',
};

/** @param {import('../core/types.js').TraceStep} step @returns {Mark} */
export const markOf = (step) => (step.code === 'status' && step.cause === 'failed' ? 'bad' : MARKS[step.code] || 'idle');

/** How it ended, as a word with a colour. @type {Record<string, [Mark, string]>} */
const ENDS = {
  answered: ['good', 'Answered'], refused: ['idle', 'Refused'], failed: ['bad', 'Failed'], held: ['bad', 'Held'], uncertain: ['wait', 'Uncertain'],
};

/** @param {Trace} trace @returns {[Mark, string]} */
export const outcome = (trace) => ENDS[trace.state] || ['wait', 'Under way'];

/** The phone numbers by which a refused sender is known. @param {Trace} trace */
export const senders = (trace) => trace.steps.flatMap(({ known_as }) => known_as || []).filter((entry) => /^\+\d{7,15}$/.test(entry));

/** @param {import('../core/types.js').TraceStep} step @param {number} begun */
const step = (step, begun) => html`
  <li class="step ${markOf(step)}"><span class="step-dot" aria-hidden="true">${markOf(step) === 'good' ? icon('check') : markOf(step) === 'bad' ? icon('cross') : nothing}</span>
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
