// The first run: what is there already, and the three ways in, side by side.

import { html, nothing } from '../lit.js';
import { icon } from '../core/icons.js';
import { NEW_BUSINESS } from '../core/portal.js';
import { plural } from '../core/format.js';
import { copyable, head, to } from '../parts/ui.js';

/** @typedef {import('../core/types.js').Channel} Channel */

/** @typedef {{kind: string, icon: import('../core/icons.js').Icon, title: string, text: string, facts: string[], lines: string}} Door */

/** @type {Door[]} */
const DOORS = [
  {
    kind: 'linked', icon: 'phone', title: 'Link a phone',
    text: 'A personal WhatsApp number, linked with a QR code as a browser would be.',
    facts: ['Anyone on your list can write', 'Unofficial: WhatsApp may ban the number', 'Free; needs a phone, better a second one'],
    lines: '[channels.whatsapp-web]\nadapter = "whatsapp-web"',
  },
  {
    kind: 'business', icon: 'store', title: 'Use a business number',
    text: 'A number of its own at Meta, through the official Cloud API.',
    facts: ['Anyone on your list can write', 'Official, with Meta’s rules and 24-hour window', 'Meta bills some messages; needs a Meta app'],
    lines: '[channels.whatsapp-cloud]\nadapter = "whatsapp-cloud"\nphone_number_id = "…"\naccess_token = { env = "WHATSAPP_ACCESS_TOKEN" }\napp_secret = { env = "WHATSAPP_APP_SECRET" }\nverify_token = { env = "WHATSAPP_VERIFY_TOKEN" }',
  },
  {
    kind: 'local', icon: 'terminal', title: 'Talk to your own agent',
    text: 'A chat in the terminal, to try an assistant before anyone else can.',
    facts: ['Only you can write', 'Nothing leaves this machine but what the assistant sends', 'Free; needs no account'],
    lines: '[channels.console]\nadapter = "console"',
  },
];

/** @param {Door} door @param {Channel[]} channels @param {import('../core/portal.js').Portal} portal */
function way(door, channels, portal) {
  const channel = channels.find(({ kind }) => kind === door.kind);
  const business = door.kind === 'business' && portal.may('settings') && portal.ownsChannels ? to('channels', NEW_BUSINESS) : undefined;
  const href = !channel ? business : (door.kind === 'linked' ? to('channels', channel.channel, 'link') : to('channels', channel.channel));
  return html`
    <li class="card way"><span class="bubble">${icon(door.icon)}</span>
      <h3>${door.title}</h3><p>${door.text}</p>
      <ul class="ticks">${door.facts.map((fact) => html`<li>${icon('check')}<span>${fact}</span></li>`)}</ul>
      ${href
        ? html`<a class="button ${door.kind === 'linked' ? 'primary' : ''}" href=${href}>${door.kind === 'linked' ? 'Connect a phone' : door.kind === 'business' ? 'Set it up' : 'Open'}</a>`
        : html`<details class="whole"><summary>How to add it</summary><p>Add these lines to <code>greenroom.toml</code>, then reload.</p>${copyable(portal, 'Lines', door.lines)}</details>`}
    </li>`;
}

/** @param {boolean} done @param {string} title @param {string} text */
const fact = (done, title, text) => html`
  <li class=${done ? 'done' : ''}><span class="dot">${done ? icon('check') : nothing}</span>
    <span><strong>${title}</strong><span class="hidden">${done ? ' (done)' : ' (to do)'}</span><br><span class="fine">${text}</span></span></li>`;

/** @param {import('../core/portal.js').Portal} portal @param {Channel[]} channels @param {import('../core/types.js').Session[]} sessions @param {unknown} cards */
export function firstRun(portal, channels, sessions, cards) {
  const allowed = channels.reduce((sum, channel) => sum + channel.allowed, 0);
  const begun = sessions.length > 0;
  return html`
    ${head('This is your Greenroom', 'A bot that answers the people you choose, on the channels you choose.')}
    <ol class="facts">
      ${fact(true, 'It runs', `Version ${portal.me?.version || 'unknown'}, reached at ${location.host}.`)}
      ${fact(allowed > 0, 'Who may talk to it', allowed ? `${plural(allowed, 'entry', 'entries')} on the list` : 'The list is empty, so every message is ignored until you add a person.')}
      ${fact(false, 'A channel', begun ? 'An account waits to be linked.' : 'No account is linked yet.')}
    </ol>
    ${begun ? cards : nothing}
    <h2 class="section">Ways in</h2>
    <ul class="ways">${DOORS.map((door) => way(door, channels, portal))}</ul>
    ${!begun && cards !== nothing ? html`<h2 class="section">Other channels of this server</h2>${cards}` : nothing}`;
}
