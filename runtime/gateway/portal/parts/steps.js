// What a person does while an account is linked, as pictures and sentences. One function a kind of step; they serve every network.

import { html, nothing, svg } from '../lit.js';
import { icon } from '../core/icons.js';
import { span } from '../core/format.js';

const PHONE_PATH = ['Open WhatsApp on the phone', 'Settings, then Linked devices', 'Link a device, and point the camera here'];
const PHONE_PATH_CODE = ['Open WhatsApp on the phone', 'Settings, then Linked devices', 'Link a device, then Link with phone number instead'];

/** A ring that empties. @param {number} left milliseconds @param {number} whole milliseconds */
export function ring(left, whole) {
  const part = whole > 0 ? Math.max(0, Math.min(100, (left / whole) * 100)) : 0;
  return html`
    <svg class="ring ${left < 6_000 ? 'low' : ''}" viewBox="0 0 36 36" aria-hidden="true">
      <circle class="track" cx="18" cy="18" r="15.500" />
      ${svg`<circle class="rest" cx="18" cy="18" r="15.500" pathLength="100" stroke-dasharray="${part.toFixed(1)} 100" />`}
    </svg>`;
}

/** @param {string[]} lines */
const path = (lines) => html`<ol class="path">${lines.map((line) => html`<li>${line}</li>`)}</ol>`;

/** A QR code. The image changes in place, so that nothing loses the focus. @param {import('../core/types.js').Qr} qr @param {number} now @param {number} since */
export function qrCode(qr, now, since) {
  const left = qr.valid_until_ms - now;
  return html`
    <div class="scan">
      <div class="qr ${left <= 0 ? 'old' : ''}">
        <img width="280" height="280" src=${`data:image/svg+xml,${encodeURIComponent(qr.svg)}`} alt="QR code ${qr.number} of ${qr.of}, to be scanned with the phone">
        ${left <= 0 ? html`<p class="qr-over">${icon('waiting')}Waiting for the next code</p>` : nothing}
      </div>
      <div class="scan-side">
        <p class="count">${ring(left, qr.valid_until_ms - since)}
          <span><strong>${left > 0 ? span(left) : 'Expired'}</strong><br><span class="fine">code ${qr.number} of ${qr.of}</span></span></p>
        ${path(PHONE_PATH)}
      </div>
    </div>`;
}

/** A code that is typed on the phone. @param {import('../core/types.js').ShowStep} step @param {number} now @param {number} since @param {() => void} copied */
export function textCode(step, now, since, copied) {
  const left = step.valid_until_ms - now;
  const letters = step.code.replace(/[^A-Za-z0-9]/g, '');
  const groups = letters.length === 8 ? [letters.slice(0, 4), letters.slice(4)] : [step.code];
  return html`
    <div class="scan">
      <div class="typed">
        <div class="typed-groups" role="img" aria-label="Code ${[...letters].join(' ')}">
          ${groups.map((group) => html`<span class="typed-group" aria-hidden="true">${[...group].map((letter) => html`<b>${letter}</b>`)}</span>`)}
        </div>
        <button class="button small" @click=${copied}>${icon('copy')}Copy code</button>
      </div>
      <div class="scan-side">
        <p class="count">${ring(left, step.valid_until_ms - since)}
          <span><strong>${left > 0 ? span(left) : 'Expired'}</strong><br><span class="fine">until it stops working</span></span></p>
        ${path(PHONE_PATH_CODE)}
      </div>
    </div>`;
}

/** Something that is to be waited for or done elsewhere. @param {string} guidance @param {number | undefined} until @param {number} now */
export const waiting = (guidance, until, now) => html`
  <div class="doing">
    <span class="spinner" aria-hidden="true"></span>
    <div><p>${guidance}</p>${until ? html`<p class="fine">${until > now ? `The network waits for another ${span(until - now)}.` : 'The time for this is over.'}</p>` : nothing}</div>
  </div>`;

/** A page that is to be opened, such as for a passkey. Only addresses of the web are linked.
 *  @param {{address: string, guidance: string, valid_until_ms?: number}} step @param {number} now */
export function opening(step, now) {
  const safe = /^https:\/\//.test(step.address);
  return html`
    ${waiting(step.guidance, step.valid_until_ms, now)}
    ${safe
      ? html`<p><a class="button primary" href=${step.address} target="_blank" rel="noopener noreferrer">Open the page</a></p>`
      : html`<p>Open <code>${step.address}</code> in a browser.</p>`}`;
}

/** A question of the network. @param {Extract<import('../core/types.js').Step, {step: 'ask'}>} step @param {string} ids
 *  @param {(answers: Record<string, string>) => void} answered @param {boolean} busy */
export const question = (step, ids, answered, busy) => html`
  <form class="asking" @submit=${(/** @type {any} */ event) => {
    event.preventDefault();
    answered(Object.fromEntries([...new FormData(event.target)].map(([name, value]) => [name, String(value)])));
  }}>
    <p>${step.guidance}</p>
    ${step.fields.map((field, at) => html`
      <label class="field" for="${ids}-ask-${at}"><span>${field.label}</span>
        <input class="input" id="${ids}-ask-${at}" name=${field.name} type=${field.secret ? 'password' : 'text'} autocomplete="off" required></label>`)}
    <button class="button primary" ?disabled=${busy}>Send the answer</button>
  </form>`;

/** Why a run ended, in words that say what to do. @param {Extract<import('../core/types.js').Step, {step: 'failed'}>} step */
export function failure(step) {
  switch (step.failure.kind) {
    case 'expired':
      return { title: 'The codes ran out before one was used', text: 'Nothing was linked. Generate a new code when the phone is at hand.' };
    case 'no_room': {
      const most = step.failure.devices_max;
      return { title: most ? `Your phone already has ${most} linked devices` : 'Your phone has no room for another device', text: 'Remove one there (WhatsApp, Settings, Linked devices), then generate a new code.' };
    }
    case 'cancelled':
      return { title: 'Linking was cancelled', text: 'Nothing was linked.' };
    default:
      return { title: 'Linking did not work', text: `${capital(step.reason)}. ${capital(step.next)}.` };
  }
}

/** @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, '');
