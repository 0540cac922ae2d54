// A gateway that is none: the routes of the API over a small world, strict about what it is asked. Tests change the world
// under `world` and say what happened with `tell`. By hand: node mock.mjs 8790, then open /portal/#login=ONCE

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { busy, fresh, session } from './mock/world.mjs';
import { drawn } from './mock/qr.mjs';
import { routes } from './mock/routes.mjs';

export { busy, fresh, session };

const FILES = fileURLToPath(new URL('../../runtime/gateway/portal/', import.meta.url));
const KINDS = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml', '.txt': 'text/plain; charset=utf-8' };
export const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";
const COOKIE = 'greenroom_session=signed';
/** How long a long poll waits, in milliseconds. */
const POLL_MAX = 4_000;

/** A refusal, thrown by a route. */
export class Refusal extends Error {
  constructor(status, code, detail, more = {}) {
    super(detail);
    Object.assign(this, { status, body: { type: `https://greenroom.dev/problems/${code}`, title: detail, status, detail, code, ...more } });
  }
}

export class Mock {
  constructor(world = fresh()) {
    this.world = world;
    this.codes = new Set(['ONCE']);
    /** Bearers that are good, and origins that may use them. */
    this.bearers = new Set();
    this.origins = new Set();
    /** Every request, as `GET /api/v1/me`. */
    this.asked = [];
    /** Answers instead of a route: a function of method and path that returns a Refusal, or nothing. */
    this.broken = () => null;
    this.delay = 0;
    this.streams = new Set();
    this.streamOff = false;
    this.waiters = new Set();
    this.sequence = 0;
    this.eventId = 0;
    /** Files of the page that were fetched. */
    this.files = new Set();
  }

  async start(port = 0) {
    this.server = createServer((request, response) => this.serve(request, response));
    await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.origin = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async stop() {
    for (const stream of this.streams) stream.destroy();
    for (const wake of this.waiters) wake();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** An event to every open stream. */
  tell(kind, data = {}) {
    this.eventId += 1;
    for (const stream of this.streams) stream.write(`id: ${this.eventId}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** The next step of a linking run. */
  step(id, step, running = true) {
    this.sequence += 1;
    this.world.link.set(id, { sequence: this.sequence, running, step });
    for (const wake of this.waiters) wake();
    this.tell('link', { session: id });
  }

  /** Shows a QR code. */
  showQr(id, number = 1, valid = 20_000, of = 6) {
    this.step(id, { step: 'show', form: 'qr', code: `2@code-${number}`, guidance: 'Scan it with the phone.', valid_until_ms: Date.now() + valid, number, of });
  }

  /** The simulated phone scanned the code. */
  linked(id, label = '+15550000001') {
    const row = this.world.sessions.find(({ session }) => session === id);
    Object.assign(row, { label, code: 'connected', status: 'connected', reason: null, next: null, until_ms: null, linked_at_ms: Date.now(), since_ms: Date.now(), last_frame_ms: Date.now() });
    this.step(id, { step: 'done', label }, false);
    this.tell('state', { session: id });
  }

  async serve(request, response) {
    const url = new URL(request.url, 'http://mock');
    if (url.pathname.startsWith('/api/')) this.asked.push(`${request.method} ${url.pathname}${url.search}`);
    try {
      if (url.pathname.startsWith('/portal/')) return await this.file(url.pathname.slice(8), response);
      if (!url.pathname.startsWith('/api/v1/')) throw new Refusal(404, 'not-found', 'there is no such page');
      if (this.cors(request, response)) return;
      if (this.delay) await new Promise((resolve) => setTimeout(resolve, this.delay));
      const broken = this.broken(request.method, url.pathname, url);
      if (broken) throw broken;
      await this.api(request, response, url);
    } catch (error) {
      if (response.headersSent) return response.destroy();
      const body = error instanceof Refusal ? error.body : { title: String(error?.stack || error), status: 500, detail: 'the mock failed', code: 'mock' };
      if (!(error instanceof Refusal)) console.error(error);
      response.writeHead(body.status, { 'Content-Type': 'application/problem+json', 'X-Request-Id': 'req-7f3a' }).end(JSON.stringify(body));
    }
  }

  async file(path, response) {
    const name = normalize(path || 'index.html');
    if (name.startsWith('..')) throw new Refusal(404, 'not-found', 'there is no such page');
    const bytes = await readFile(join(FILES, name)).catch(() => { throw new Refusal(404, 'not-found', `there is no ${name}`); });
    this.files.add(name);
    response.writeHead(200, {
      'Content-Type': KINDS[extname(name)] || 'application/octet-stream', 'Content-Security-Policy': CSP, 'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-cache', 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin',
    }).end(bytes);
  }

  /** Answers a preflight; true if it did. */
  cors(request, response) {
    const origin = request.headers.origin;
    if (!origin || origin === this.origin) return false;
    if (!this.origins.has(origin)) throw new Refusal(403, 'origin-refused', 'this origin is not allowed');
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Vary', 'Origin');
    if (request.method !== 'OPTIONS') return false;
    response.writeHead(204, { 'Access-Control-Allow-Methods': 'GET, POST, PUT, DELETE', 'Access-Control-Allow-Headers': 'authorization, content-type, last-event-id, idempotency-key' }).end();
    return true;
  }

  async api(request, response, url) {
    const path = url.pathname.slice('/api/v1'.length);
    const body = await this.body(request);
    if (request.method === 'POST' && path === '/login') return this.login(body, response);
    this.principal(request);
    if (path === '/events') return this.stream(request, response);
    for (const [method, pattern, handler] of routes) {
      const found = method === request.method && pattern.exec(path);
      if (!found) continue;
      const answer = await handler(this, found.slice(1).map(decodeURIComponent), body, url.searchParams, request);
      const status = answer === undefined || answer === null ? 204 : (answer.status ?? 200);
      if (status === 204) return response.writeHead(204).end();
      return response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer.status ? answer.body : answer));
    }
    throw new Refusal(404, 'not-found', `there is no route ${request.method} ${path}`);
  }

  async body(request) {
    if (request.method === 'GET') return null;
    let text = '';
    for await (const chunk of request) text += chunk;
    if (!text) return null;
    if (request.headers['content-type'] !== 'application/json') throw new Refusal(415, 'unsupported-media-type', 'the body is not JSON');
    return JSON.parse(text);
  }

  login(body, response) {
    if (!this.codes.delete(body?.code)) throw new Refusal(401, 'unauthorized', 'this link cannot be used');
    response.writeHead(204, { 'Set-Cookie': `${COOKIE}; HttpOnly; SameSite=Strict; Path=/` }).end();
  }

  principal(request) {
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization || '')?.[1];
    if (bearer) {
      if (!this.bearers.has(bearer)) throw new Refusal(401, 'unauthorized', 'this token is not accepted');
      return;
    }
    if (!(request.headers.cookie || '').includes(COOKIE)) throw new Refusal(401, 'unauthorized', 'log in first');
    if (request.method === 'GET') return;
    if ((request.headers['sec-fetch-site'] ?? 'same-origin') !== 'same-origin') throw new Refusal(403, 'cross-site', 'this request comes from another page');
    if (request.headers['x-csrf-token'] !== this.world.me.csrf) throw new Refusal(403, 'csrf', 'the token of the log-in is missing');
  }

  stream(request, response) {
    if (this.streamOff) throw new Refusal(503, 'busy', 'no more streams');
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.write('event: hello\ndata: {}\n\n');
    const beat = setInterval(() => response.write(': still here\n\n'), 15_000);
    this.streams.add(response);
    response.on('close', () => {
      clearInterval(beat);
      this.streams.delete(response);
    });
  }

  /** Waits until a linking run is past `after`. */
  async progress(id, after) {
    const news = () => (this.world.link.get(id)?.sequence ?? 0) !== after;
    const until = Date.now() + POLL_MAX;
    while (!news() && Date.now() < until) {
      await new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.waiters.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, until - Date.now());
        this.waiters.add(wake);
      });
    }
    return this.world.link.get(id) || { sequence: 0, running: false, step: null };
  }

  qr(id) {
    const step = this.world.link.get(id)?.step;
    if (step?.step !== 'show' || step.form !== 'qr') throw new Refusal(409, 'no-code', 'no code is shown now');
    if (step.valid_until_ms <= Date.now()) throw new Refusal(410, 'qr-expired', 'the code no longer works');
    return { code: step.code, svg: drawn(step.code), valid_until_ms: step.valid_until_ms, number: step.number, of: step.of };
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await new Mock(process.argv[3] === 'fresh' ? fresh() : busy()).start(Number(process.argv[2] || 8790));
  console.log(`${mock.origin}/portal/#login=ONCE`);
}
