// Follows a linking run: what is to be done now, always the newest.

import { Problem, part, sentence } from '../core/api.js';

/** The pause after a failed request, and the longest one; and between two answers that say the same. Milliseconds. */
const RETRY_PAUSE = 1_000;
const RETRY_PAUSE_MAX = 15_000;
const SAME_PAUSE = 500;

/** A reactive controller: long polls while its host is on a visible page. */
export class Progress {
  /** @param {import('lit').ReactiveControllerHost & HTMLElement} host @param {() => import('../core/portal.js').Portal} portal */
  constructor(host, portal) {
    this.host = host;
    this.portal = portal;
    this.session = '';
    this.forget();
    this.visibility = () => (document.hidden ? this.rest() : this.wake());
    host.addController(this);
  }

  forget() {
    /** @type {import('../core/types.js').LinkProgress | null} */
    this.known = null;
    /** @type {import('../core/types.js').Qr | null} */
    this.qr = null;
    this.reason = '';
    this.gone = false;
    /** When the code that is shown came, by the server's clock. */
    this.shownAt = 0;
  }

  hostConnected() {
    document.addEventListener('visibilitychange', this.visibility);
    this.wake();
  }

  hostDisconnected() {
    document.removeEventListener('visibilitychange', this.visibility);
    this.rest();
  }

  /** Follows this session from now on. @param {string} session */
  follow(session) {
    this.rest();
    this.session = session;
    this.forget();
    this.wake();
  }

  rest() {
    this.running?.abort();
    this.running = undefined;
  }

  wake() {
    if (!this.session || this.running || document.hidden || !this.host.isConnected) return;
    this.running = new AbortController();
    this.loop(this.running.signal);
  }

  /** @param {AbortSignal} signal */
  async loop(signal) {
    let pause = RETRY_PAUSE;
    while (!signal.aborted) {
      try {
        const after = this.known ? `?after=${this.known.sequence}` : '';
        const progress = await this.portal().api.poll(`/sessions/${part(this.session)}/link${after}`, signal);
        if (signal.aborted) return;
        pause = RETRY_PAUSE;
        const same = this.known && progress.sequence === this.known.sequence;
        await this.take(progress, signal);
        if (same) await sleep(SAME_PAUSE, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.reason = sentence(error);
        this.gone = error instanceof Problem && (error.status === 404 || error.status === 401 || error.status === 403);
        this.host.requestUpdate();
        if (this.gone) return;
        await sleep(pause, signal);
        pause = Math.min(pause * 2, RETRY_PAUSE_MAX);
      }
    }
  }

  /** @param {import('../core/types.js').LinkProgress} progress @param {AbortSignal} signal */
  async take(progress, signal) {
    const step = progress.step;
    let qr = null;
    if (step?.step === 'show' && step.form === 'qr') {
      qr = this.qr && this.qr.code === step.code ? this.qr : await this.image(signal);
    }
    if (signal.aborted) return;
    const before = this.known?.step;
    this.known = progress;
    this.qr = qr;
    this.reason = '';
    if (step?.step === 'show' && !(before?.step === 'show' && before.code === step.code)) this.shownAt = this.portal().now();
    this.host.requestUpdate();
  }

  /** The code as an image. Between two codes there is none; then the next answer brings it. @param {AbortSignal} signal */
  async image(signal) {
    try {
      return await this.portal().api.get(`/sessions/${part(this.session)}/qr?format=json`, signal);
    } catch (error) {
      if (error instanceof Problem && (error.status === 410 || error.status === 409)) return null;
      throw error;
    }
  }

  get step() {
    return this.known?.step || null;
  }
}

/** @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} */
function sleep(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
