// The real program with a simulated WhatsApp, as processes of their own.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TARGET = process.env.CARGO_TARGET_DIR || fileURLToPath(new URL('../../target', import.meta.url));
/** Built with all features: a shipped program refuses a simulated server. */
export const PROGRAM = process.env.GREENROOM_PROGRAM || join(TARGET, 'debug/greenroom');
export const SIMULATOR = process.env.GREENROOM_WEB_SIMULATOR || join(TARGET, 'debug/whatsapp-web-simulator');
export const missing = [PROGRAM, SIMULATOR].filter((path) => !existsSync(path));

/** How long a process may take until it says that it is ready, in milliseconds. */
const START_MAX = 60_000;

/** The first line of a process that fits. */
function line(child, stream, pattern) {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => reject(new Error(`not ready in time:\n${text}`)), START_MAX);
    child[stream].on('data', (chunk) => {
      text += chunk;
      const found = text.split('\n').find((one) => pattern.test(one));
      if (found) {
        clearTimeout(timer);
        resolve(found);
      }
    });
    child.on('exit', (code) => reject(new Error(`ended with ${code}:\n${text}`)));
  });
}

/** A simulated WhatsApp. */
export class Whatsapp {
  static async start() {
    const it = new Whatsapp();
    it.child = spawn(SIMULATOR, [], { stdio: ['ignore', 'pipe', 'ignore'] });
    it.told = JSON.parse(await line(it.child, 'stdout', /^\{/));
    return it;
  }

  async ask(path, body) {
    const response = await fetch(`${this.told.control}/control/${path}`, body && { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${path}: ${answer.error}`);
    return answer;
  }

  stop() {
    this.child.kill('SIGKILL');
  }
}

/** A server in a folder of its own. */
export class Greenroom {
  /** @param {string} channels the tables of its channels @param {string} [gateway] more keys of its gateway */
  static async start(channels, gateway = '') {
    const it = new Greenroom();
    it.folder = await mkdtemp(join(tmpdir(), 'greenroom-portal-'));
    const text = `[gateway]\nlisten = "127.0.0.1:0"\n${gateway}\n[assistants.helper]\nkind = "echo"\n${channels}`;
    await writeFile(join(it.folder, 'greenroom.toml'), text);
    await it.run();
    return it;
  }

  environment() {
    return { PATH: process.env.PATH, HOME: this.folder, GREENROOM_LOG: 'warn', AUTH_SECRET: 'a secret of the tests that is long enough' };
  }

  async run() {
    this.child = spawn(PROGRAM, ['run'], { cwd: this.folder, env: this.environment(), stdio: ['ignore', 'ignore', 'pipe'] });
    const ready = await line(this.child, 'stderr', /gateway on http/);
    this.origin = /(http:\/\/[\d.]+:\d+)/.exec(ready)[1];
    // The address is said before it answers.
    const begun = Date.now();
    while (!existsSync(join(this.folder, 'data/gateway.json'))) {
      if (Date.now() - begun > START_MAX) throw new Error('it does not announce itself');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.child.stderr.on('data', (chunk) => { this.log = ((this.log || '') + chunk).slice(-20_000); });
  }

  /** A command of the same folder: what it prints. */
  command(...words) {
    const ended = spawnSync(PROGRAM, words, { cwd: this.folder, env: this.environment(), encoding: 'utf8', timeout: 30_000 });
    if (ended.status !== 0) throw new Error(`greenroom ${words.join(' ')}: ${ended.stderr}`);
    return ended.stdout + ended.stderr;
  }

  /** A link that lets one browser in. */
  link() {
    const told = /(http:\/\/\S+#login=\S+)/.exec(this.command('portal'));
    return told[1];
  }

  async stop() {
    this.child.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}
