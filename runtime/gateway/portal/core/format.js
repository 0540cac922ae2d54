// How times, numbers and people are written.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// The words of the page are English; how times and numbers are written follows the reader where that is English too.
const language = navigator.language.startsWith('en') ? navigator.language : 'en-GB';
const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(language, { weekday: 'short', hour: '2-digit', minute: '2-digit' });
const date = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', year: 'numeric' });
const full = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
const counting = new Intl.NumberFormat(language);
const short = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 });

/** How long something lasts or is ago: `12 s`, `5 min`, `3 h`, `2 days`. @param {number} ms */
export function span(ms) {
  const past = Math.max(0, ms);
  if (past < MINUTE) return `${Math.floor(past / 1_000)} s`;
  if (past < HOUR) return `${Math.floor(past / MINUTE)} min`;
  if (past < 2 * DAY) return `${Math.floor(past / HOUR)} h`;
  return `${Math.floor(past / DAY)} days`;
}

/** `12 s ago`, or `just now`. @param {number} at @param {number} now */
export function ago(at, now) {
  return now - at < 5_000 ? 'just now' : `${span(now - at)} ago`;
}

/** The moment as short as it is clear: the time today, the weekday this week, else the day. @param {number} at @param {number} now */
export function moment(at, now) {
  if (Math.abs(now - at) < 18 * HOUR) return clock.format(at);
  if (Math.abs(now - at) < 6 * DAY) return weekday.format(at);
  return date.format(at);
}

/** @param {number} at */
export const day = (at) => date.format(at);
/** @param {number} at */
export const exact = (at) => full.format(at);
/** @param {number} n */
export const count = (n) => counting.format(n);
/** @param {number} n */
export const compact = (n) => (n < 10_000 ? counting.format(n) : short.format(n));
/** `1 message`, `2 messages`. @param {number} n @param {string} one @param {string} [many] */
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

/** An amount given in millionths. @param {number} millionths @param {string} currency */
export function money(millionths, currency) {
  const amount = millionths / 1_000_000;
  try {
    return new Intl.NumberFormat(language, { style: 'currency', currency, maximumFractionDigits: amount < 1 ? 4 : 2 }).format(amount);
  } catch {
    return `${counting.format(amount)} ${currency}`.trim();
  }
}

/** A name for programs as words: `whatsapp-web` is `Whatsapp web`. @param {string} name */
export const words = (name) => name.charAt(0).toUpperCase() + name.slice(1).replace(/[-_]/g, ' ');

/** The first one or two letters, for a round picture. @param {string} name */
export function initials(name) {
  const letters = name.replace(/[^\p{L}\p{N} ]/gu, '').trim().split(/\s+/).filter(Boolean);
  if (!letters.length) return '#';
  if (/^\d/.test(letters[0])) return letters[0].slice(-2);
  return [letters[0], letters.length > 1 ? letters[letters.length - 1] : ''].map((word) => [...word][0] || '').join('').toUpperCase();
}
