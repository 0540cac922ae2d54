// What the server explains: the way of a message stage by stage, which rule admits or refuses someone, and when nothing could
// arrive.

import { html, nothing } from '../lit.js';
import { exact, span, words } from '../core/format.js';
import { grouped } from '../core/phone.js';
import { badge } from './ui.js';

/** @typedef {{stage: string, at_ms?: number, took_ms?: number, what: string}} Stage */
/** @typedef {{rule: string, key?: string, by?: string, at_ms?: number, session?: string}} Rule */
/** @typedef {{channel: string, session?: string, admitted: boolean, cause?: string, reason?: string, known_as: string[], rules: Rule[], nearest?: {entry: string, why: string}}} Place */
/** @typedef {{from_ms: number, until_ms?: number, reason: string}} Gap */

/** Every stage with its time. @param {Stage[]} stages */
export function way(stages) {
  const begun = stages.find(({ at_ms }) => at_ms)?.at_ms || 0;
  return html`<ul class="rows">${stages.map((stage) => html`
    <li><div><p><strong>${words(stage.stage)}</strong></p><p class="fine">${stage.what}</p></div>
      <div class="row-end">${stage.at_ms ? html`<time class="fine" datetime=${new Date(stage.at_ms).toISOString()} title=${exact(stage.at_ms)}>${stage.at_ms - begun < 1_000 ? `+${Math.max(0, stage.at_ms - begun)} ms` : `+${span(stage.at_ms - begun)}`}</time>` : nothing}</div></li>`)}</ul>`;
}

/** @param {Rule} rule */
const written = (rule) => {
  if (rule.key) return `${rule.rule}, in the configuration: ${rule.key}`;
  const at = rule.at_ms ? `, ${exact(rule.at_ms)}` : '';
  return `${rule.rule}, added by ${rule.by || 'someone'} to ${rule.session ? `the list of ${rule.session}` : 'the list of the channel'}${at}`;
};

/** Which rule says what, in each session. @param {Place[]} places */
export function access(places) {
  if (!places.length) return html`<p class="none" role="status">No session of yours could hear them.</p>`;
  return html`<ul class="panel rows">${places.map((place) => html`
    <li><div><p class="entry-name">${badge(place.admitted ? 'good' : 'bad', place.admitted ? 'Admitted' : 'Refused')} <bdi>${words(place.channel)}${place.session ? ` · ${place.session}` : ''}</bdi></p>
      ${place.reason ? html`<p class="fine">${place.reason}</p>` : nothing}
      ${place.rules.map((rule) => html`<p class="fine">${written(rule)}</p>`)}
      ${place.nearest ? html`<p class="fine">The nearest entry is <bdi>${grouped(place.nearest.entry)}</bdi>: ${place.nearest.why}</p>` : nothing}</div></li>`)}</ul>`;
}

/** When nothing could arrive. @param {{session: string, label?: string | null, gaps?: Gap[], last_inbound_ms?: number | null, last_frame_ms?: number | null}[]} sessions */
export function gaps(sessions) {
  return html`<ul class="panel rows">${sessions.map((session) => html`
    <li><div><p><strong><bdi>${session.label ? grouped(session.label) : session.session}</bdi></strong></p>
      <p class="fine">Last sign of the network: ${session.last_frame_ms ? exact(session.last_frame_ms) : 'none'}; last message: ${session.last_inbound_ms ? exact(session.last_inbound_ms) : 'none'}</p>
      ${(session.gaps || []).map((gap) => html`<p class="fine">Nothing could arrive from ${exact(gap.from_ms)} until ${gap.until_ms ? exact(gap.until_ms) : 'now'}: ${gap.reason}</p>`)}
      ${(session.gaps || []).length ? nothing : html`<p class="fine">No time without a connection is known.</p>`}</div></li>`)}</ul>`;
}
