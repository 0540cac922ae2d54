// What is to be known before a personal account is linked: five sentences, and the whole text of the channel below them.

import { html, nothing } from '../lit.js';
import { icon } from '../core/icons.js';

const SENTENCES = [
  ['It becomes a device of your account.', 'From then on it receives every new message of the account, and can write in its name.'],
  ['Only people on your list are answered.', 'Messages of others are dropped without being stored. What the assistant reads may reach a language model.'],
  ['Some of it is kept on this machine.', 'The keys of the device, sealed, and the last 200 turns with each person on the list.'],
  ['WhatsApp does not allow automation here.', 'It may suspend or ban a personal account at any time, in particular one that writes first or writes a lot.'],
  ['Guard this machine.', 'Anyone who controls it can read and write as you, until you remove the device on the phone.'],
];

/** @param {string | null | undefined} whole the channel's own words @param {boolean} accepted @param {string} ids @param {(accepted: boolean) => void} changed */
export const warning = (whole, accepted, ids, changed) => html`
  <ol class="warning">
    ${SENTENCES.map(([title, text]) => html`<li><strong>${title}</strong> <span>${text}</span></li>`)}
  </ol>
  <p class="advice">${icon('phone')}<span><strong>Use a second number.</strong> Then nothing of yours is at risk.</span></p>
  ${whole ? html`
    <details class="whole"><summary>Read the whole warning</summary>
      ${whole.split(/\n{2,}/).map((text) => html`<p>${text}</p>`)}
    </details>` : nothing}
  <label class="tick" for="${ids}-understood">
    <input type="checkbox" id="${ids}-understood" .checked=${accepted} @change=${(/** @type {any} */ event) => changed(event.target.checked)}>
    <span>I understand what linking means, and accept the risk</span>
  </label>`;
