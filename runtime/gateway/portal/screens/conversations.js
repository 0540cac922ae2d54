// `<greenroom-conversations>`: who writes, and what was said, as far as the log-in may read it.

import { html, nothing, repeat, live } from '../lit.js';
import { Plain } from '../core/element.js';
import { Clock } from '../core/clock.js';
import { Resource } from '../core/resource.js';
import { icon } from '../core/icons.js';
import { initials, moment, span, words } from '../core/format.js';
import { grouped } from '../core/phone.js';
import { badge, empty, head, shown, to } from '../parts/ui.js';
import './conversation.js';

/** Conversations that are asked for at a time. */
const PAGE = 50;
/** A silence longer than this has no end that is worth showing. Milliseconds. */
const YEAR = 365 * 86_400_000;

/** @typedef {import('../core/types.js').Conversation} Conversation */

/** What people call a conversation. @param {Conversation} row */
export const nameOf = (row) => row.name || grouped(row.person || row.chat);

/** Who ends a silence that has no certain end. @type {Record<string, string>} */
const BY = { person: 'the person', owner: 'you' };

/** Whether the assistant is silent here. @param {Conversation} row @param {number} now */
export const isPaused = (row, now) => (row.paused_until_ms ? row.paused_until_ms > now : !!row.paused_by);

/** What is special about it now. @param {Conversation} row @param {number} now */
export function marks(row, now) {
  const until = row.paused_until_ms && row.paused_until_ms < now + YEAR ? ` until ${moment(row.paused_until_ms, now)}` : '';
  const by = row.paused_by ? ` by ${BY[row.paused_by] || row.paused_by}` : '';
  return html`
    ${row.waiting ? badge('busy', `${row.waiting} waiting`) : nothing}
    ${isPaused(row, now) ? badge('wait', `Paused${by}${until}`) : nothing}
    ${row.window_until_ms && row.window_until_ms > now ? badge('idle', `Window closes in ${span(row.window_until_ms - now)}`) : nothing}`;
}

class Conversations extends Plain {
  static properties = { route: { attribute: false }, sought: { state: true }, older: { state: true } };

  constructor() {
    super();
    /** @type {string[]} */
    this.route = [];
    this.sought = '';
    /** @type {Conversation[]} */
    this.older = [];
    this.list = new Resource(this, () => this.portal, (api) => api.get(`/conversations?limit=${PAGE}`), ['state', 'counts']);
    new Clock(this, 10_000);
  }

  more() {
    return this.act(async () => {
      const before = this.next ?? this.list.value.next;
      const page = await this.portal.api.get(`/conversations?limit=${PAGE}&before=${encodeURIComponent(before)}`);
      this.older = [...this.older, ...page.items];
      this.next = page.next || '';
    });
  }

  /** @param {Conversation} row */
  row(row) {
    const now = this.portal.now();
    return html`
      <li><a class="person" href=${to('conversations', row.conversation)}>
        <span class="face" aria-hidden="true">${row.group ? icon('group') : initials(row.name || row.person || row.chat)}</span>
        <span class="person-main"><span class="person-name"><bdi>${nameOf(row)}</bdi></span>
          <span class="fine">${row.group ? 'Group · ' : ''}${words(row.channel)} · ${row.assistant}</span><span class="marks">${marks(row, now)}</span></span>
        <time class="fine" datetime=${new Date(row.last_activity_ms).toISOString()}>${row.last_activity_ms ? moment(row.last_activity_ms, now) : ''}</time>
      </a></li>`;
  }

  /** @param {{items: Conversation[], next?: string}} value */
  all({ items, next }) {
    const rows = [...items, ...this.older.filter((row) => !items.some(({ conversation }) => conversation === row.conversation))];
    if (!rows.length) return empty('chats', 'No conversations yet', 'They appear here as soon as a person on a list writes.', html`<a class="button" href="#/channels">See who may write</a>`);
    const sought = this.sought.trim().toLowerCase();
    const found = rows.filter((row) => !sought || `${row.name || ''} ${row.chat} ${row.person || ''} ${grouped(row.person || row.chat)} ${row.channel} ${row.assistant}`.toLowerCase().includes(sought));
    const further = this.next ?? next;
    return html`
      <search class="search">${icon('search')}<input class="input" type="search" aria-label="Search conversations" placeholder="Search by name, number or channel" .value=${live(this.sought)}
        @input=${(/** @type {any} */ event) => (this.sought = event.target.value)}></search>
      ${found.length ? html`<ul class="panel people">${repeat(found, ({ conversation }) => conversation, (row) => this.row(row))}</ul>` : html`<p class="none" role="status">Nothing found for “${this.sought}”.</p>`}
      ${further ? html`<p class="center"><button class="button" ?disabled=${this.busy} @click=${() => this.more()}>Show older ones</button></p>` : nothing}`;
  }

  render() {
    if (this.route[1]) return html`<greenroom-conversation .portal=${this.portal} .number=${this.route[1]}></greenroom-conversation>`;
    return html`${head('Conversations', 'People and groups that are admitted, newest first')}${shown(this.list, (value) => this.all(value), 5)}`;
  }
}
customElements.define('greenroom-conversations', Conversations);
