// What the server tells by itself: its event stream, read by `fetch` so that it carries the same proof of who asks as any request.

/** How often lists are asked for while the stream does not work, in milliseconds. */
const POLL_PAUSE = 15_000;
/** The pause before the stream is opened again, and the longest one. */
const RETRY_PAUSE = 1_000;
const RETRY_PAUSE_MAX = 30_000;
/** Without a byte for this long the stream is taken for dead; the server writes at least every 15 seconds. */
const SILENCE_MAX = 40_000;

/** @typedef {{kind: string, data: any, id: string}} Told */

/** Tells listeners what changed. In a hidden tab it rests. */
export class Live {
  /** @param {import('./api.js').Api} api */
  constructor(api) {
    this.api = api;
    /** `starting`, `live`, `polling` (the stream does not work) or `resting` (the tab is hidden). */
    this.state = 'starting';
    /** When anything last came, by this machine's clock. */
    this.heard = Date.now();
    /** @type {Set<(told: Told) => void>} */
    this.listeners = new Set();
    this.last = '';
    this.retry = RETRY_PAUSE;
    this.started = false;
    this.visibility = () => (document.hidden ? this.rest() : this.wake());
  }

  /** @param {(told: Told) => void} listener @returns {() => void} ends it */
  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start() {
    if (this.started) return;
    this.started = true;
    document.addEventListener('visibilitychange', this.visibility);
    if (document.hidden) this.become('resting');
    else this.open();
  }

  stop() {
    this.started = false;
    document.removeEventListener('visibilitychange', this.visibility);
    this.quiet();
  }

  quiet() {
    this.stream?.abort();
    this.stream = undefined;
    clearInterval(this.poller);
    clearTimeout(this.again);
    clearTimeout(this.silence);
    this.poller = undefined;
  }

  rest() {
    this.quiet();
    this.become('resting');
  }

  wake() {
    if (!this.started || this.stream) return;
    this.retry = RETRY_PAUSE;
    // What happened while the tab was hidden is asked for, whether or not the stream can tell it.
    this.tell({ kind: 'tick', data: {}, id: '' });
    this.open();
  }

  async open() {
    clearTimeout(this.again);
    let lived = false;
    const stream = new AbortController();
    this.stream = stream;
    try {
      const headers = this.last ? { 'Last-Event-ID': this.last } : {};
      const response = await this.api.send('GET', '/events', { headers, signal: stream.signal, accept: 'text/event-stream', timeout: Infinity });
      const kind = response.headers.get('Content-Type') || '';
      if (!response.ok || !response.body || !kind.startsWith('text/event-stream')) throw new Error('there is no stream');
      this.retry = RETRY_PAUSE;
      clearInterval(this.poller);
      this.poller = undefined;
      // What happened while there was no stream is asked for.
      if (this.opened) this.tell({ kind: 'tick', data: {}, id: '' });
      this.opened = true;
      lived = true;
      this.become('live');
      await this.read(response.body.getReader(), stream);
    } catch {
      // The reason does not matter: it is tried again, and in the meantime the lists are asked for.
    }
    if (this.stream !== stream) return;
    this.stream = undefined;
    clearTimeout(this.silence);
    // The server ends each stream after a while; that is no failure.
    if (lived && this.started && !document.hidden) this.again = setTimeout(() => this.open(), RETRY_PAUSE);
    else this.fallBack();
  }

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {AbortController} stream */
  async read(reader, stream) {
    const decoder = new TextDecoder();
    let rest = '';
    for (;;) {
      clearTimeout(this.silence);
      this.silence = setTimeout(() => stream.abort(), SILENCE_MAX);
      const { done, value } = await reader.read();
      if (done) return;
      this.heard = Date.now();
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop() || '';
      for (const block of blocks) this.take(block);
    }
  }

  /** One event. @param {string} block */
  take(block) {
    let kind = 'message', id = '';
    const data = [];
    for (const line of block.split(/\r?\n/)) {
      const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) || [];
      if (name === 'event') kind = value;
      else if (name === 'id') id = value;
      else if (name === 'data') data.push(value);
    }
    if (id) this.last = id;
    if (!data.length) return;
    let read;
    try {
      read = JSON.parse(data.join('\n'));
    } catch {
      read = {};
    }
    this.tell({ kind, data: read, id });
  }

  fallBack() {
    clearTimeout(this.silence);
    if (!this.started || document.hidden) return;
    this.become('polling');
    if (!this.poller) {
      this.poller = setInterval(() => this.tell({ kind: 'tick', data: {}, id: '' }), POLL_PAUSE);
    }
    this.again = setTimeout(() => this.open(), this.retry);
    this.retry = Math.min(this.retry * 2, RETRY_PAUSE_MAX);
  }

  /** @param {string} state */
  become(state) {
    if (this.state === state) return;
    this.state = state;
    this.tell({ kind: 'connection', data: { state }, id: '' });
  }

  /** @param {Told} told */
  tell(told) {
    for (const listener of [...this.listeners]) listener(told);
  }
}
