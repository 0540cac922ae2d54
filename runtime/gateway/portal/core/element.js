// Elements draw into the tree that they stand in, so that labels, ids and one style sheet reach all of it: the page, or the
// shadow tree of an embedded card.

import { LitElement } from '../lit.js';

let made = 0;

export class Plain extends LitElement {
  /** @type {import('lit').PropertyDeclarations} */
  static properties = { portal: { attribute: false } };

  constructor() {
    super();
    /** @type {import('./portal.js').Portal} */
    this.portal;
    /** Begins the ids of this element, which are unlike all others. */
    this.ids = `g${++made}`;
  }

  createRenderRoot() {
    return this;
  }

  /** Tells the surroundings. @param {string} name @param {unknown} [detail] */
  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  /** Runs what a button does: one at a time, and a failure is shown. @param {() => Promise<void>} action */
  async act(action) {
    if (this.busy) return;
    this.busy = true;
    this.requestUpdate();
    try {
      await action();
    } catch (error) {
      const { sentence } = await import('./api.js');
      this.portal.say({ text: sentence(error), kind: 'bad' });
      this.emit('greenroom-problem', error);
    } finally {
      this.busy = false;
      this.requestUpdate();
    }
  }
}
