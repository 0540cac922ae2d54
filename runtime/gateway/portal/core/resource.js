// Something that is fetched, shown, and fetched again when the server says that it changed.

import { sentence } from './api.js';

/** A skeleton is shown after this; what comes sooner does not flicker. Milliseconds. */
const SKELETON_AFTER = 200;
/** Several events in this time cause one request. */
const GATHER = 250;

/** A reactive controller. `value` is what came last, `error` why the last attempt failed. Both can be there: then the value is stale. */
export class Resource {
  /** @param {import('lit').ReactiveControllerHost} host @param {() => import('./portal.js').Portal | undefined} portal
   *  @param {(api: import('./api.js').Api) => Promise<any>} load @param {string[]} [kinds] the events that make it out of date */
  constructor(host, portal, load, kinds = ['state']) {
    this.host = host;
    this.portal = portal;
    this.fetch = load;
    this.kinds = new Set([...kinds, 'tick', 'gap']);
    /** @type {any} */
    this.value = undefined;
    /** @type {unknown} */
    this.error = undefined;
    /** Since when a value is out of date, by this machine's clock; 0 if it is not. */
    this.staleSince = 0;
    this.waited = false;
    this.run = 0;
    host.addController(this);
  }

  hostConnected() {
    this.unlisten = this.portal()?.live.listen((told) => {
      if (told.kind === 'connection') this.host.requestUpdate();
      else if (this.kinds.has(told.kind)) this.soon();
    });
    this.load();
  }

  hostDisconnected() {
    this.unlisten?.();
    clearTimeout(this.timer);
    clearTimeout(this.skeleton);
    this.run += 1;
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), GATHER);
  }

  async load() {
    const portal = this.portal();
    if (!portal) return;
    const run = ++this.run;
    if (this.value === undefined && this.error === undefined) {
      clearTimeout(this.skeleton);
      this.skeleton = setTimeout(() => {
        this.waited = true;
        this.host.requestUpdate();
      }, SKELETON_AFTER);
    }
    try {
      const value = await this.fetch(portal.api);
      if (run !== this.run) return;
      this.value = value;
      this.error = undefined;
      this.staleSince = 0;
    } catch (error) {
      if (run !== this.run) return;
      this.error = error;
      if (this.value !== undefined && !this.staleSince) this.staleSince = Date.now();
    }
    clearTimeout(this.skeleton);
    this.waited = false;
    this.host.requestUpdate();
  }

  /** Forgets what is there: something else is asked for from now on. */
  reset() {
    this.value = undefined;
    this.error = undefined;
    this.staleSince = 0;
    return this.load();
  }

  /** Why the last attempt failed, for people. */
  get reason() {
    return this.error === undefined ? '' : sentence(this.error);
  }
}
