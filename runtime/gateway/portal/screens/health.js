// `<greenroom-health>`: whether all is well, in one sentence, and the actors behind it.

import { html, nothing } from '../lit.js';
import { Plain } from '../core/element.js';
import { Clock } from '../core/clock.js';
import { Resource } from '../core/resource.js';
import { icon } from '../core/icons.js';
import { compact, plural, span } from '../core/format.js';
import { badge, head, nextStep, shown, to } from '../parts/ui.js';
import { tree } from '../parts/actors.js';

/** Where this page can do what is to be done. @param {import('../core/types.js').Next | null | undefined} next */
function place(next) {
  switch (next?.action) {
    case 'link':
    case 'link_again':
    case 'remove_device':
      return next.channel && to('channels', next.channel, 'link', ...(next.account ?? next.session ? [next.account ?? next.session] : []));
    case 'allow_someone':
    case 'allow_entry':
      return next.channel && to('channels', next.channel);
    case 'review_quarantine':
    case 'review_outbox':
      return to('waiting');
    case 'release_conversation':
      return to('conversations', next.conversation);
    case 'scan_code':
    case 'type_code':
    case 'reconnect':
    case 'disconnect':
    case 'free_session':
      return to('channels');
    default:
      return '';
  }
}

class Health extends Plain {
  constructor() {
    super();
    this.health = new Resource(this, () => this.portal, (api) => api.get('/health'), ['state', 'counts', 'failed']);
    this.actors = new Resource(this, () => this.portal, (api) => (this.portal.may('admin') ? api.get('/actors') : Promise.resolve(null)), ['state']);
    new Clock(this, 5_000);
  }

  /** @param {any} finding @param {string} tone @param {string} word */
  finding(finding, tone, word) {
    const href = place(finding.next);
    return html`
      <li><div><p>${badge(tone, word)} <strong>${finding.what}</strong></p>${nextStep(finding.next)}</div>
        ${href ? html`<a class="button small" href=${href}>Go there<span class="hidden">: ${finding.what}</span></a>` : nothing}</li>`;
  }

  /** @param {any} health */
  all(health) {
    const details = health.details || { problems: [], warnings: [] };
    const wrong = details.problems.length;
    const sentence = wrong ? `${plural(wrong, 'thing needs', 'things need')} you` : health.ok === false ? 'It does not take messages now' : details.warnings.length ? 'All well, with something to look at' : 'All well';
    return html`
      <div class="verdict ${wrong || health.ok === false ? 'bad' : 'good'}">${icon(wrong || health.ok === false ? 'warn' : 'check')}<div><p class="verdict-title">${sentence}</p>
        ${details.started_at_ms ? html`<p class="fine">Version ${details.version}, running for ${span(this.portal.now() - details.started_at_ms)}</p>` : nothing}</div></div>
      ${wrong || details.warnings.length ? html`<ul class="panel rows">
        ${details.problems.map((/** @type {any} */ finding) => this.finding(finding, 'bad', 'Needs you'))}
        ${details.warnings.map((/** @type {any} */ finding) => this.finding(finding, 'wait', 'Soon'))}</ul>` : nothing}
      ${health.details ? html`
        <dl class="tiles">
          <div><dt>Messages waiting for a turn</dt><dd>${compact(details.inbox_waiting)}</dd></div>
          <div><dt>Waiting to be sent</dt><dd>${compact(details.outbox_waiting)}</dd></div>
          <div><dt>Held</dt><dd>${compact(details.outbox_held)}</dd></div>
          <div><dt>In quarantine</dt><dd>${compact(details.quarantined)}</dd></div>
          <div><dt>Conversations in memory</dt><dd>${compact(details.conversations_active)}</dd></div>
          <div><dt>Restarts</dt><dd>${compact(details.restarts)}</dd></div>
        </dl>` : nothing}`;
  }

  render() {
    return html`
      ${head('Health')}
      ${shown(this.health, (health) => this.all(health))}
      ${this.portal.may('admin') ? html`
        <section class="panel" aria-labelledby="${this.ids}-actors"><div class="panel-head"><div class="panel-title"><h2 id="${this.ids}-actors">Actors</h2><p class="fine">Each part of the server, what waits before it, and how often it was restarted</p></div></div>
          ${shown(this.actors, (root) => (root ? tree(root, this.portal.now(), `${this.ids}-actors`) : nothing), 6)}</section>` : nothing}`;
  }
}
customElements.define('greenroom-health', Health);
