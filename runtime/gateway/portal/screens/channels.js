// `<greenroom-channels>`: the home screen. Cards of channels, and below them the way to one of them.

import { html, nothing, repeat } from '../lit.js';
import { Plain } from '../core/element.js';
import { Clock } from '../core/clock.js';
import { Resource } from '../core/resource.js';
import { icon } from '../core/icons.js';
import { count, plural, words } from '../core/format.js';
import * as status from '../core/status.js';
import { badge, head, nextStep, shown, to } from '../parts/ui.js';
import { firstRun } from './first.js';
import './channel.js';

/** @typedef {import('../core/types.js').Channel} Channel */
/** @typedef {import('../core/types.js').Session} Session */

/** @type {Record<string, [import('../core/icons.js').Icon, string]>} */
export const KINDS = {
  linked: ['phone', 'Linked phone · unofficial'],
  business: ['store', 'Business number · official'],
  local: ['terminal', 'On this machine'],
};

const ADAPTERS = /** @type {Record<string, string>} */ ({
  'whatsapp-web': 'WhatsApp as a linked device', 'whatsapp-cloud': 'WhatsApp Cloud API by Meta', console: 'A chat in the terminal', loopback: 'A network within the program',
});

/** What an adapter is, in plain words. @param {Channel} channel */
export const adapterWords = (channel) => ADAPTERS[channel.adapter] || words(channel.adapter);

/** The worst state comes first: it is what needs a look. */
const ORDER = ['bad', 'wait', 'busy', 'good', 'idle'];
/** Sessions on a card; more are behind its link. */
const ON_CARD = 3;

class Channels extends Plain {
  static properties = { route: { attribute: false } };

  constructor() {
    super();
    /** @type {string[]} */
    this.route = [];
    this.list = new Resource(this, () => this.portal, async (api) => {
      const [channels, sessions] = await Promise.all([api.get('/channels'), api.get('/sessions')]);
      return { channels, sessions };
    }, ['state', 'link', 'counts']);
    new Clock(this, 1_000);
  }

  /** The button that does what comes next. @param {Channel} channel @param {Session | undefined} session */
  primary(channel, session) {
    const manage = html`<a class="button" href=${to('channels', channel.channel)}>Manage</a>`;
    if (!channel.can_link || !this.portal.may('control')) return manage;
    if (!session) return html`<a class="button primary" href=${to('channels', channel.channel, 'link')}>Connect</a>${manage}`;
    if (status.isLinking(session)) return html`<a class="button primary" href=${to('channels', channel.channel, 'link', session.session)}>Show the code</a>${manage}`;
    if (status.isUnlinked(session)) return html`<a class="button primary" href=${to('channels', channel.channel, 'link', session.session)}>${status.isPending(session) ? 'Connect' : 'Link again'}</a>${manage}`;
    return manage;
  }

  /** @param {Session} session */
  line(session) {
    return html`
      <li><span class="line-name"><bdi>${status.label(session)}</bdi></span>
        <span class="line-state">${badge(status.tone(session), status.word(session))}<span class="fine">${status.detail(session, this.portal.now())}</span></span></li>`;
  }

  /** @param {Channel} channel @param {Session[]} all */
  card(channel, all) {
    const [symbol, kind] = KINDS[channel.kind] || ['channels', ''];
    const sessions = all.filter((session) => session.channel === channel.channel).sort((a, b) => ORDER.indexOf(status.tone(a)) - ORDER.indexOf(status.tone(b)));
    const today = (/** @type {'answered'|'refused'} */ what) => {
      const known = sessions.map((session) => this.portal.today(session)[what]).filter((n) => n !== undefined);
      return known.length ? count(known.reduce((total, n) => total + n, 0)) : '–';
    };
    const worst = sessions[0];
    const sum = (/** @type {(session: Session) => number | undefined} */ of) => sessions.reduce((total, session) => total + (of(session) || 0), 0);
    const trouble = worst && ['bad', 'wait'].includes(status.tone(worst)) ? worst : undefined;
    const name = words(channel.channel);
    return html`
      <li class="card channel" aria-label=${name}>
        <div class="card-head"><span class="bubble">${icon(symbol)}</span>
          <div><h2><a href=${to('channels', channel.channel)}>${name}</a></h2><p class="fine">${adapterWords(channel)} · ${kind}</p></div></div>
        ${sessions.length
          ? html`<ul class="lines">${sessions.slice(0, ON_CARD).map((session) => this.line(session))}</ul>`
          : html`<p class="none">${channel.can_link ? 'No account is linked yet.' : 'No account.'}</p>`}
        ${sessions.length > ON_CARD ? html`<p class="fine"><a href=${to('channels', channel.channel)}>and ${sessions.length - ON_CARD} more</a></p>` : nothing}
        ${trouble?.reason || trouble?.next ? html`<div class="trouble"><p class="fine"><strong><bdi>${status.label(trouble)}</bdi></strong>${trouble.reason ? `: ${trouble.reason}` : nothing}</p>${nextStep(trouble.next)}</div>` : nothing}
        ${channel.allowed === 0 && this.portal.ownsChannels ? html`<p class="next">${icon('people')}<span>No one may talk to it yet. <a href=${to('channels', channel.channel)}>Add a person</a></span></p>` : nothing}
        <dl class="numbers">
          <div><dt>People</dt><dd>${this.portal.ownsChannels ? count(channel.allowed) : '–'}</dd></div>
          <div><dt>Answered today</dt><dd>${today('answered')}</dd></div>
          <div><dt>Refused today</dt><dd>${today('refused')}</dd></div>
          <div><dt>Waiting</dt><dd>${count(sum((session) => session.outbox_waiting))}</dd></div>
        </dl>
        <div class="card-foot">${this.primary(channel, worst)}</div>
      </li>`;
  }

  /** @param {{channels: Channel[], sessions: Session[]}} value */
  home({ channels, sessions }) {
    const begun = sessions.some(status.isConnected) && (!this.portal.ownsChannels || channels.some(({ allowed }) => allowed > 0));
    if (!begun && !sessions.some((session) => session.linked_at_ms)) {
      // The doors stand for the first channel of each kind; others are shown below them.
      const other = sessions.length ? channels : channels.filter((channel, at) => channels.findIndex(({ kind }) => kind === channel.kind) !== at);
      return firstRun(this.portal, channels, sessions, other.length ? this.cards(other, sessions) : nothing);
    }
    const troubled = sessions.filter(status.needsYou).length;
    return html`
      ${head('Channels', troubled ? `${plural(troubled, 'account needs', 'accounts need')} you` : `${plural(sessions.filter(status.isConnected).length, 'account')} connected`)}
      ${this.cards(channels, sessions)}`;
  }

  /** @param {Channel[]} channels @param {Session[]} sessions */
  cards(channels, sessions) {
    return html`<ul class="cards">${repeat(channels, ({ channel }) => channel, (channel) => this.card(channel, sessions))}</ul>`;
  }

  render() {
    if (this.route[1]) return html`<greenroom-channel .portal=${this.portal} .route=${this.route} .list=${this.list} .value=${this.list.value} .failure=${this.list.error}></greenroom-channel>`;
    return this.list.value ? shown(this.list, (value) => this.home(value)) : html`${head('Channels')}${shown(this.list, () => nothing)}`;
  }
}
customElements.define('greenroom-channels', Channels);
