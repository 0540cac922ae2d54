// `<greenroom-allow>`: who may talk to a channel or a session.

import { html, nothing, repeat, live } from '../lit.js';
import { Plain } from '../core/element.js';
import { Resource } from '../core/resource.js';
import { icon } from '../core/icons.js';
import { part, sentence } from '../core/api.js';
import { DraftList, ServerList } from '../core/lists.js';
import { country, grouped, lines, read } from '../core/phone.js';
import { plural } from '../core/format.js';
import { label } from '../core/status.js';
import { shown } from './ui.js';

class Allow extends Plain {
  static properties = {
    /** Where the list is: `/channels/front` or `/sessions/acc-1`. */
    place: {},
    /** Or a list that is not on the server yet. */
    draft: { attribute: false },
    /** Whether it can only be read. */
    readonly: { type: Boolean },
    typed: { state: true },
    wrong: { state: true },
  };

  constructor() {
    super();
    this.place = '';
    /** @type {DraftList | undefined} */
    this.draft = undefined;
    this.readonly = false;
    this.typed = '';
    this.wrong = '';
    this.list = new Resource(this, () => this.portal, () => this.source.all());
  }

  get source() {
    return this.draft || new ServerList(this.portal, this.place);
  }

  /** @param {Map<string, unknown>} changed */
  updated(changed) {
    if (changed.has('place') && changed.get('place')) this.list.reset();
    const value = this.list.value;
    if (value && value !== this.told) {
      this.told = value;
      this.emit('allow-changed', { place: this.place, entries: value });
    }
  }

  /** @param {string} text */
  async add(text) {
    const wanted = lines(text);
    if (!wanted.length) return this.refuse('Type a phone number first, with + and the country code.', '');
    await this.act(async () => {
      /** @type {string[]} */
      const left = [];
      let problem = '', added = 0;
      for (const line of wanted) {
        const { entry, error } = read(line);
        const reason = error || (await this.put(entry));
        if (!reason) added += 1;
        else {
          left.push(line);
          problem ||= reason;
        }
      }
      if (added) this.portal.announce(`${plural(added, 'entry', 'entries')} added`);
      await this.list.load();
      const more = left.length > 1 ? ` ${left.length} lines were not added; they are still in the field.` : '';
      this.refuse(problem && problem + more, left.join(', '));
    });
    this.input()?.focus();
  }

  /** Stores an entry; the reason where that is refused. @param {string} entry */
  async put(entry) {
    try {
      await this.source.add(entry);
      return '';
    } catch (error) {
      return sentence(error);
    }
  }

  /** @param {string} reason @param {string} left */
  refuse(reason, left) {
    this.wrong = reason;
    this.typed = left;
    if (reason) this.input()?.focus();
  }

  input() {
    return /** @type {HTMLInputElement | null} */ (this.querySelector('input'));
  }

  /** @param {import('../core/types.js').Entry} row */
  takeOff(row) {
    return this.act(async () => {
      await this.source.take(row.entry);
      const again = async () => {
        await this.put(row.entry);
        await this.list.load();
      };
      this.portal.say({ text: `${grouped(row.entry)} was removed`, undo: again });
      await this.list.load();
      this.input()?.focus();
    });
  }

  hint() {
    const typed = lines(this.typed);
    if (typed.length > 1) return `${typed.length} entries will be added`;
    if (!typed.length) return 'Country code first. To add several, paste them, one a line.';
    const { entry, error, hint } = read(typed[0]);
    if (error) return error;
    return html`Will be added as <strong>${grouped(entry)}</strong>${hint ? html` · ${hint}` : nothing}`;
  }

  /** @param {ClipboardEvent} event */
  paste(event) {
    const text = event.clipboardData?.getData('text') || '';
    if (!/[\n\r]/.test(text.trim())) return;
    event.preventDefault();
    this.typed = [this.typed, ...lines(text)].filter(Boolean).join(', ');
  }

  /** Whether the list can be changed here. */
  get may() {
    return (!!this.draft || this.portal?.may('settings')) && !this.readonly;
  }

  form() {
    const id = `${this.ids}-number`;
    return html`
      <form class="adding" @submit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        this.add(this.typed);
      }}>
        <label for=${id}>Phone number</label>
        <div class="together">
          <input id=${id} class="input" type="text" inputmode="tel" autocomplete="off" spellcheck="false" placeholder="+1 555 123 4567"
            aria-describedby="${id}-hint" aria-invalid=${this.wrong ? 'true' : 'false'} .value=${live(this.typed)}
            @paste=${this.paste} @input=${(/** @type {any} */ event) => {
              this.typed = event.target.value;
              this.wrong = '';
            }}>
          <button class="button" ?disabled=${this.busy}>${icon('plus')}Add</button>
        </div>
        <p id="${id}-hint" class=${this.wrong ? 'fault' : 'fine'} role=${this.wrong ? 'alert' : nothing}>${this.wrong || this.hint()}</p>
      </form>`;
  }

  /** @param {import('../core/types.js').Entry} row */
  row(row) {
    const place = country(row.entry.startsWith('+') ? row.entry : '');
    return html`
      <li class="entry">
        <span class="entry-name"><bdi>${grouped(row.entry)}</bdi></span>
        <span class="fine">${[place, row.origin].filter(Boolean).join(' · ')}</span>
        ${row.warning ? html`<span class="caution">${icon('warn')}${row.warning}</span>` : nothing}
        ${row.removable && this.may ? html`
          <button class="button quiet small" ?disabled=${this.busy} @click=${() => this.takeOff(row)}>${icon('trash')}Remove<span class="hidden"> ${row.entry}</span></button>` : nothing}
      </li>`;
  }

  render() {
    return html`
      ${this.may ? this.form() : nothing}
      ${shown(this.list, (rows) => (rows.length
        ? html`<ul class="entries">${repeat(rows, (row) => row.entry, (row) => this.row(row))}</ul>`
        : html`<p class="none">No one is on the list yet, so every message is ignored.</p>`), 2)}`;
  }
}
customElements.define('greenroom-allow', Allow);

/** The lists that hold in a channel, as far as they are this owner's. @param {import('../core/portal.js').Portal} portal
 *  @param {import('../core/types.js').Channel} channel @param {import('../core/types.js').Session[]} sessions */
export function lists(portal, channel, sessions) {
  if (portal.ownsChannels) return html`<greenroom-allow .portal=${portal} place="/channels/${part(channel.channel)}"></greenroom-allow>`;
  if (!sessions.length) return html`<p class="none">Link an account first: each has a list of its own.</p>`;
  return sessions.map((session) => html`
    <section class="own-list" aria-label="Who may talk to ${label(session)}">
      ${sessions.length > 1 ? html`<h3><bdi>${label(session)}</bdi></h3>` : nothing}
      <greenroom-allow .portal=${portal} place="/sessions/${part(session.session)}"></greenroom-allow>
    </section>`);
}
