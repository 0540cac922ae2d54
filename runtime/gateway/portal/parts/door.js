// `<greenroom-door>`: what is shown to those who are not logged in.

import { html, nothing } from '../lit.js';
import { Plain } from '../core/element.js';
import { copyable } from './ui.js';
import { icon } from '../core/icons.js';

class Door extends Plain {
  static properties = { reason: {}, wrong: { state: true } };

  constructor() {
    super();
    this.reason = '';
    this.wrong = '';
  }

  /** @param {Event} event */
  open(event) {
    event.preventDefault();
    const typed = /** @type {HTMLInputElement} */ (this.querySelector('input')).value.trim();
    const code = /#login=([^&\s]+)$/.exec(typed)?.[1] || (/^[\w-]{8,}$/.test(typed) ? typed : '');
    if (!code) {
      this.wrong = 'This is not a log-in link. It ends in #login= and a code.';
      return;
    }
    history.replaceState(null, '', `#login=${code}`);
    this.emit('greenroom-enter');
  }

  render() {
    const used = this.reason === 'used';
    return html`
      <main class="door">
        <div class="door-card">
          <img src="icon.svg" width="48" height="48" alt="">
          <h1 tabindex="-1">${used ? 'This link worked once' : 'Log in to Greenroom'}</h1>
          <p>${used ? 'A log-in link opens one browser, within ten minutes.' : 'This page opens with a link that works once.'} The next command, on the machine that runs Greenroom, prints a new one.</p>
          ${this.reason && !used ? html`<div class="notice bad" role="alert">${icon('warn')}<p>${this.reason}</p></div>` : nothing}
          ${copyable(this.portal, 'Command', 'greenroom portal')}
          <form @submit=${this.open} class="door-form" novalidate>
            <label class="field"><span>Or paste the link here</span>
              <input class="input" type="text" autocomplete="off" spellcheck="false" aria-invalid=${this.wrong ? 'true' : 'false'} aria-describedby=${this.wrong ? `${this.ids}-wrong` : nothing} placeholder="http://…/portal/#login=…"></label>
            ${this.wrong ? html`<p class="fault" role="alert" id="${this.ids}-wrong">${this.wrong}</p>` : nothing}
            <button class="button primary wide">${icon('key')}Log in</button>
          </form>
        </div>
      </main>`;
  }
}
customElements.define('greenroom-door', Door);
