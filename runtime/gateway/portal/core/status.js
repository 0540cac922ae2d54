// The states of a session: a colour, an icon and words, never one of them alone.

import { ago, moment, span } from './format.js';
import { grouped } from './phone.js';

/** @typedef {'good'|'busy'|'wait'|'bad'|'idle'} Tone */

/** @type {Record<string, [Tone, string]>} */
const STATES = {
  connected: ['good', 'Connected'],
  connecting: ['busy', 'Connecting'],
  reconnecting: ['wait', 'Reconnecting'],
  linking_begun: ['busy', 'Preparing a code'],
  awaiting_scan: ['busy', 'Waiting for scan'],
  code_shown: ['busy', 'Waiting for the code'],
  answer_needed: ['wait', 'Needs an answer'],
  action_needed: ['wait', 'Needs you'],
  qr_expired: ['wait', 'Code expired'],
  finishing: ['busy', 'Storing keys'],
  slots_full: ['bad', 'Phone has no room'],
  logged_out: ['bad', 'Logged out'],
  banned: ['bad', 'Paused by the network'],
  replaced: ['bad', 'Replaced'],
  outdated: ['bad', 'Update needed'],
  stopped: ['bad', 'Stopped'],
  failed: ['bad', 'Failed'],
  elsewhere: ['bad', 'Of another adapter'],
  unconfigured: ['bad', 'Not configured'],
  not_linked: ['idle', 'Not linked'],
  pending: ['idle', 'Not linked'],
  linked: ['idle', 'Linked'],
  finished: ['idle', 'Finished'],
};

const LINKING = new Set(['linking_begun', 'awaiting_scan', 'code_shown', 'answer_needed', 'action_needed', 'qr_expired', 'finishing']);
const UNLINKED = new Set(['not_linked', 'pending', 'logged_out', 'slots_full', ...LINKING]);

/** @param {import('./types.js').Session} session @returns {Tone} */
export const tone = (session) => (STATES[session.code] || ['idle'])[0];
/** @param {import('./types.js').Session} session */
export const isConnected = (session) => session.code === 'connected';
/** A linking run is under way. @param {import('./types.js').Session} session */
export const isLinking = (session) => LINKING.has(session.code);
/** It was never linked, or is being linked now. @param {import('./types.js').Session} session */
export const isPending = (session) => UNLINKED.has(session.code) && !session.linked_at_ms;
/** It has to be linked before it works. @param {import('./types.js').Session} session */
export const isUnlinked = (session) => UNLINKED.has(session.code);
/** Its owner has to do something. @param {import('./types.js').Session} session */
export const needsYou = (session) => tone(session) === 'bad';

/** The words of the badge. @param {import('./types.js').Session} session */
export const word = (session) => (STATES[session.code] || ['', session.status])[1];

/** What stands beside the badge: how old the state is, or when it changes. @param {import('./types.js').Session} session @param {number} now */
export function detail(session, now) {
  const until = session.until_ms;
  switch (session.code) {
    case 'connected': {
      const sign = session.last_frame_ms || session.last_acknowledged_ms || session.last_inbound_ms;
      return sign ? `last sign of life ${ago(sign, now)}` : `since ${moment(session.since_ms, now)}`;
    }
    case 'banned':
      return until ? `until ${moment(until, now)}` : '';
    case 'reconnecting':
      return until && until > now ? `next attempt in ${span(until - now)}` : 'trying now';
    case 'awaiting_scan':
    case 'code_shown':
      return until && until > now ? `${span(until - now)} left` : '';
    default:
      return session.since_ms ? `since ${moment(session.since_ms, now)}` : '';
  }
}

/** What people call a session. @param {import('./types.js').Session} session */
export function label(session) {
  if (!session.label) return isPending(session) ? 'Not linked yet' : session.session;
  // A number, with a name behind it where the network tells one.
  return session.label.replace(/^\+\d{7,15}(?=$|\s)/, grouped);
}
