// The tree of actors, as a tree that arrow keys walk.

import { html, nothing } from '../lit.js';
import { span } from '../core/format.js';

/** @typedef {import('../core/types.js').Actor} Actor */

/** @param {KeyboardEvent} event */
function walk(event) {
  const tree = /** @type {HTMLElement} */ (event.currentTarget);
  const here = /** @type {HTMLElement | null} */ (document.activeElement?.closest('[role=treeitem]'));
  if (!here || !['ArrowDown', 'ArrowUp', 'ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key)) return;
  event.preventDefault();
  const open = here.getAttribute('aria-expanded');
  const visible = () => /** @type {HTMLElement[]} */ ([...tree.querySelectorAll('[role=treeitem]')]).filter((item) => item.checkVisibility());
  const all = visible(), at = all.indexOf(here);
  let next = here;
  if (event.key === 'ArrowDown') next = all[at + 1] || here;
  else if (event.key === 'ArrowUp') next = all[at - 1] || here;
  else if (event.key === 'Home') next = all[0];
  else if (event.key === 'End') next = all[all.length - 1];
  else if (event.key === 'ArrowRight' && open === 'false') here.setAttribute('aria-expanded', 'true');
  else if (event.key === 'ArrowRight' && open === 'true') next = all[at + 1] || here;
  else if (event.key === 'ArrowLeft' && open === 'true') here.setAttribute('aria-expanded', 'false');
  else if (event.key === 'ArrowLeft') next = /** @type {HTMLElement | null} */ (here.closest('[role=group]')?.previousElementSibling) || here;
  focusOn(tree, next);
}

/** @param {HTMLElement} tree @param {HTMLElement} item */
function focusOn(tree, item) {
  for (const other of tree.querySelectorAll('[tabindex="0"]')) other.setAttribute('tabindex', '-1');
  item.setAttribute('tabindex', '0');
  item.focus();
}

/** @param {Event} event */
function toggle(event) {
  const item = /** @type {HTMLElement} */ (event.target).closest('[role=treeitem]');
  const tree = /** @type {HTMLElement} */ (event.currentTarget);
  if (!item) return;
  const open = item.getAttribute('aria-expanded');
  if (open) item.setAttribute('aria-expanded', open === 'true' ? 'false' : 'true');
  focusOn(tree, /** @type {HTMLElement} */ (item));
}

/** @param {Actor} actor @param {number} now @param {number} level @param {string} id @param {boolean} first @returns {unknown} */
function item(actor, now, level, id, first) {
  const children = actor.children || [];
  const told = [actor.mailbox === undefined ? '' : `${actor.mailbox} waiting`, actor.restarts ? `${actor.restarts} ${actor.restarts === 1 ? 'restart' : 'restarts'}` : '', actor.since_ms ? `for ${span(now - actor.since_ms)}` : ''].filter(Boolean).join(' · ');
  return html`
    <li role="none">
      <div class="actor" role="treeitem" tabindex=${first ? '0' : '-1'} aria-level=${level} aria-expanded=${children.length ? 'true' : nothing} aria-owns=${children.length ? `${id}-below` : nothing}>
        <span class="twig" aria-hidden="true"></span><strong><bdi>${actor.name}</bdi></strong> <span class="fine">${actor.kind}</span>
        <span class="actor-state ${/^(running|ready|idle)$/.test(actor.state) ? '' : 'odd'}">${actor.state}</span> <span class="fine actor-told ${(actor.mailbox || 0) > 10 || actor.restarts > 0 ? 'odd' : ''}">${told}</span></div>
      ${children.length ? html`<ul role="group" id="${id}-below">${children.map((child, at) => item(child, now, level + 1, `${id}-${at}`, false))}</ul>` : nothing}
    </li>`;
}

/** The whole tree. @param {Actor | Actor[]} root @param {number} now @param {string} labelledBy */
export const tree = (root, now, labelledBy) => html`
  <ul class="tree" role="tree" aria-labelledby=${labelledBy} @keydown=${walk} @click=${toggle}>${(Array.isArray(root) ? root : [root]).map((actor, at) => item(actor, now, 1, `${labelledBy}-${at}`, at === 0))}</ul>`;
