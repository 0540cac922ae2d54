// Asks before something that cannot be taken back.

import { html, nothing } from '../lit.js';
import { Plain } from '../core/element.js';

/** @typedef {{title: string, text: unknown, action: string, danger?: boolean, type?: string, typeLabel?: unknown}} Question */

class Confirm extends Plain {
  static properties = { question: { attribute: false }, typed: { state: true } };

  constructor() {
    super();
    /** @type {Question} */
    this.question;
    this.typed = '';
    /** @type {(yes: boolean) => void} */
    this.settle = () => {};
  }

  firstUpdated() {
    const dialog = /** @type {HTMLDialogElement} */ (this.querySelector('dialog'));
    dialog.showModal();
  }

  /** @param {boolean} yes */
  end(yes) {
    this.settle(yes);
    this.querySelector('dialog')?.close();
    this.remove();
  }

  render() {
    const { title, text, action, danger, type, typeLabel } = this.question;
    const wanted = type ? this.typed.trim() !== type : false;
    return html`
      <dialog class="dialog" aria-labelledby="${this.ids}-title" @cancel=${() => this.end(false)}>
        <form method="dialog" @submit=${(/** @type {Event} */ event) => {
          event.preventDefault();
          if (!wanted) this.end(true);
        }}>
          <h2 id="${this.ids}-title">${title}</h2>
          <div class="prose">${text}</div>
          ${type ? html`
            <label class="field"><span>${typeLabel}</span>
              <input class="input" autocomplete="off" inputmode=${/^\d+$/.test(type) ? 'numeric' : 'text'} .value=${this.typed}
                @input=${(/** @type {any} */ event) => (this.typed = event.target.value)}>
            </label>` : nothing}
          <div class="buttons">
            <button type="button" class="button" ?autofocus=${!type} @click=${() => this.end(false)}>Cancel</button>
            <button class="button ${danger ? 'danger' : 'primary'}" aria-disabled=${wanted ? 'true' : 'false'}>${action}</button>
          </div>
        </form>
      </dialog>`;
  }
}
customElements.define('greenroom-confirm', Confirm);

/** @param {Element} near where it is asked, so that it looks like its surroundings @param {Question} question @returns {Promise<boolean>} */
export function confirm(near, question) {
  const element = /** @type {Confirm} */ (document.createElement('greenroom-confirm'));
  element.question = question;
  const root = near.getRootNode();
  const before = root instanceof ShadowRoot ? root.activeElement : document.activeElement;
  const place = root instanceof ShadowRoot ? root.querySelector('.root') || root : document.body;
  const answer = new Promise((resolve) => (element.settle = resolve));
  place.append(element);
  return answer.finally(() => {
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
}
