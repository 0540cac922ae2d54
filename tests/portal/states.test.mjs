// Odd states: hostile strings, long lists, errors, a server that goes away, narrow log-ins.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { Mock, Refusal, busy, fresh as empty, session } from './mock.mjs';
import { SHOTS, browser, findings, fresh, go, open, sideways } from './browser.mjs';

/** The texts of all modules of the page. */
async function sources() {
  const folder = fileURLToPath(new URL('../../runtime/gateway/portal/', import.meta.url));
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.js') && name !== 'lit.js');
  return Promise.all(names.map((name) => readFile(folder + name, 'utf8')));
}

let launched;
before(async () => { launched = await browser(); });
after(() => launched?.close());

async function on(world, options, work) {
  const mock = await new Mock(world).start();
  const page = await fresh(launched, options);
  try {
    await work(page, mock);
    assert.deepEqual(page.faults, []);
  } finally {
    await page.context().close();
    await mock.stop();
  }
}

const EVIL = ['<img src=x onerror="window.hit=1">', '"><script>window.hit=1</script>', "');window.hit=1;//", '{{constructor.constructor("window.hit=1")()}}', '<svg/onload=window.hit=1>', '\u202Eevil\u0007\u0000', 'x'.repeat(400), 'javascript:window.hit=1'];

/** Every text that comes from people or from the network is hostile. */
function hostile() {
  const world = busy();
  let at = 0;
  const evil = () => EVIL[at++ % EVIL.length];
  const poison = (value, keep) => {
    if (Array.isArray(value)) return value.map((inner) => poison(inner, keep));
    if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, keep.has(key) ? inner : poison(inner, keep)]));
    return typeof value === 'string' ? evil() : value;
  };
  const keep = new Set(['session', 'channel', 'code', 'kind', 'methods', 'from', 'state', 'day', 'origin', 'owner', 'scopes', 'csrf', 'currency', 'by', 'action', 'of']);
  for (const part of ['sessions', 'channels', 'conversations', 'people', 'why', 'refused', 'refusals', 'places', 'quarantine', 'wakes', 'outbox', 'assistants', 'models', 'tools', 'plugins', 'actors', 'health', 'me']) world[part] = poison(world[part], keep);
  // Names of programs are hostile too.
  world.sessions[0].session = EVIL[0];
  world.conversations.forEach((row, n) => { row.name = EVIL[n]; row.channel = EVIL[n + 1]; });
  world.turns.set('12', EVIL.map((text, n) => ({ at_ms: Date.now() - n, from: n % 2 ? 'person' : 'bot', name: text, text, kind: text })));
  for (const [key, list] of world.allow) world.allow.set(key, [...list, ...EVIL.map((text) => ({ entry: text, origin: text, warning: text, removable: true }))]);
  const usage = world.usage;
  world.usage = (by) => ({ ...usage(by), sums: EVIL.map((text) => ({ of: text, name: text, address: text, turns: 1, tokens_in: 1, tokens_out: 1, tokens_cached: 0, cost_millionths: 1 })), currency: EVIL[0] });
  return world;
}

for (const phone of [false, true]) {
  test(`hostile strings stay text${phone ? ' on a phone' : ''}`, () => on(hostile(), { phone }, async (page, mock) => {
    await open(page, mock);
    await go(page, '#/conversations/12').catch(() => {});
    const wide = [];
    for (const hash of ['#/channels', '#/channels/family', '#/channels/family/link', '#/conversations', '#/conversations/12', '#/why', `#/why/${encodeURIComponent(EVIL[0])}`, '#/waiting', '#/people', '#/usage', '#/assistants', '#/health', '#/settings', `#/channels/${encodeURIComponent(EVIL[0])}`]) {
      await go(page, hash);
      for (const summary of await page.locator('main summary').all()) await summary.click({ timeout: 1_000 }).catch(() => {});
      if ((await sideways(page)) > 0) wide.push(`${hash}: ${await sideways(page)}`);
      if (hash.length < 20) await page.screenshot({ path: `${SHOTS}hostile-${hash.replace(/\W+/g, '-')}${phone ? '-phone' : ''}.png` });
    }
    await page.waitForTimeout(300);
    assert.equal(await page.evaluate(() => globalThis.hit), undefined, 'nothing of it ran');
    assert.equal(await page.locator('main img[src="x"], main script, main svg[onload]').count(), 0, 'nothing of it became an element');
    assert.equal(await page.locator('a[href^="javascript:"]').count(), 0);
    assert.deepEqual(wide, [], 'nothing of it makes the page wider');
  }));
}

test('a page that is to run a foreign script is stopped by its own policy', () => on(empty(), {}, async (page, mock) => {
  await open(page, mock);
  const tried = await page.evaluate(() => {
    const said = [];
    addEventListener('securitypolicyviolation', (event) => said.push(event.violatedDirective));
    try { document.body.insertAdjacentHTML('beforeend', '<b>x</b>'); } catch (error) { said.push(error.name); }
    const image = document.createElement('img');
    try { image.setAttribute('onerror', 'globalThis.hit = 1'); } catch (error) { said.push(error.name); }
    image.src = 'data:image/png;base64,x';
    document.body.append(image);
    return new Promise((resolve) => setTimeout(() => resolve({ said, hit: globalThis.hit }), 300));
  });
  assert.equal(tried.hit, undefined);
  assert.ok(tried.said.includes('TypeError'), 'Trusted Types refuse texts as HTML');
  page.faults.length = 0;
}));

test('five hundred of everything', () => on((() => {
  const world = busy();
  const many = (n, make) => Array.from({ length: n }, (_, at) => make(at));
  world.sessions.push(...many(60, (n) => session(`many-${n}`, { label: `+1555777${String(n).padStart(4, '0')}` })));
  world.conversations = many(500, (n) => ({ ...world.conversations[n % 4], conversation: n + 1_000, name: `Person ${n}` }));
  world.why = many(500, (n) => ({ ...world.why[n % 3], message: `m-${n}` }));
  world.allow.set('/channels/family', many(500, (n) => ({ entry: `+1555888${String(n).padStart(4, '0')}`, origin: 'added in the portal', removable: true })));
  return world;
})(), {}, async (page, mock) => {
  await open(page, mock);
  for (const hash of ['#/channels', '#/channels/family', '#/conversations', '#/why', '#/people']) {
    const begun = Date.now();
    await go(page, hash);
    const took = Date.now() - begun;
    assert.ok(took < 6_000, `${hash} took ${took} ms`);
  }
  await page.screenshot({ path: `${SHOTS}many-light.png` });
}));

test('slow lists show a skeleton, quick ones do not', () => on(busy(), {}, async (page, mock) => {
  await open(page, mock);
  mock.delay = 900;
  await page.evaluate(() => { location.hash = '#/conversations'; });
  await page.locator('main .skeleton').waitFor();
  await page.screenshot({ path: `${SHOTS}loading-light.png` });
  await page.getByText('Ana Pereira').waitFor();
  mock.delay = 0;
  await page.evaluate(() => {
    globalThis.bones = 0;
    new MutationObserver(() => { globalThis.bones += document.querySelectorAll('.skeleton').length; }).observe(document.body, { childList: true, subtree: true });
    location.hash = '#/people';
  });
  await page.locator('.rows').first().waitFor();
  assert.equal(await page.evaluate(() => globalThis.bones), 0);
}));

test('an error says what it is, names its request, and can be tried again', () => on(busy(), {}, async (page, mock) => {
  await open(page, mock);
  mock.broken = (method, path) => (path.endsWith('/conversations') ? new Refusal(503, 'store', 'the store does not answer') : null);
  await go(page, '#/conversations');
  await page.getByText('The store does not answer.').waitFor();
  await page.getByText('req-7f3a').waitFor();
  assert.deepEqual(await findings(page), []);
  await page.screenshot({ path: `${SHOTS}error-light.png` });
  mock.broken = () => null;
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Ana Pereira').waitFor();
}));

/** Lets the page's time pass, second by second, until something is seen. What the page asks meanwhile takes real time. */
async function passes(page, seconds, locator) {
  for (let second = 0; second < seconds || (!(await locator.isVisible()) && second < 4 * seconds); second += 1) {
    await page.clock.runFor(1_000);
  }
  await locator.waitFor();
}

test('what is shown is marked when it is old, and lists are asked for without a stream', () => on(busy(), {}, async (page, mock) => {
  await page.clock.install();
  await open(page, mock);
  await page.getByText('+1 555 000 0001').first().waitFor();
  mock.streamOff = true;
  for (const stream of mock.streams) stream.destroy();
  mock.broken = (method, path) => (path.endsWith('/sessions') ? new Refusal(503, 'store', 'the store does not answer') : null);
  await passes(page, 3, page.getByText('Live updates are off'));
  const asked = mock.asked.filter((line) => line.endsWith('/sessions')).length;
  await passes(page, 16, page.getByText(/Updates stopped/));
  assert.ok(mock.asked.filter((line) => line.endsWith('/sessions')).length > asked, 'it polls');
  await page.getByText('+1 555 000 0001').first().waitFor();
  assert.deepEqual(await findings(page), []);
  await page.screenshot({ path: `${SHOTS}stale-light.png` });
  mock.broken = () => null;
  mock.streamOff = false;
  await passes(page, 31, page.locator('.connection', { hasText: /^Live$/ }));
  await page.getByText(/Updates stopped/).waitFor({ state: 'detached' });
}));

test('events change what is shown', () => on(busy(), {}, async (page, mock) => {
  await open(page, mock);
  await page.locator('.channel', { hasText: 'Family' }).getByText('Logged out').waitFor();
  Object.assign(mock.world.sessions[1], { code: 'connected', status: 'connected', reason: null, next: null });
  mock.tell('state', { session: 'acc-2' });
  await page.locator('.channel', { hasText: 'Family' }).getByText('Logged out').waitFor({ state: 'detached' });
  mock.tell('counts', { session: 'acc-1', answered: 124, refused: 0 });
  await page.locator('.channel', { hasText: 'Family' }).getByText('126').waitFor();
  mock.tell('failed', { session: 'acc-1', held: true, reason: '<b>x</b>' });
  await page.getByText('A message of the bot is held and waits for you').waitFor();
}));

test('a log-in without scopes sees what it may, and no button that it may not press', () => on((() => {
  const world = busy();
  world.me.scopes = ['read'];
  return world;
})(), {}, async (page, mock) => {
  await open(page, mock);
  assert.equal(await page.getByRole('link', { name: 'Link again' }).count(), 0);
  await go(page, '#/channels/family');
  assert.equal(await page.getByRole('button', { name: /Disconnect|Reconnect|Remove|Connect/ }).count(), 0);
  assert.equal(await page.getByLabel('Phone number').count(), 0);
  await go(page, '#/conversations/12');
  await page.getByText('The text is hidden: this log-in may not read it.').waitFor();
  assert.equal(await page.getByLabel('Write a message').count(), 0);
  await page.screenshot({ path: `${SHOTS}readonly-light.png` });
  await go(page, '#/health');
  assert.equal(await page.getByRole('tree').count(), 0);
  assert.ok(!mock.asked.some((line) => line.includes('/turns') || line.includes('/actors')), 'what may not be read is not asked for');
}));

test('a log-in that ends shows the door', () => on(busy(), {}, async (page, mock) => {
  await open(page, mock);
  mock.broken = () => new Refusal(401, 'unauthorized', 'log in first');
  await page.evaluate(() => { location.hash = '#/people'; });
  await page.getByRole('heading', { name: 'Log in to Greenroom' }).waitFor();
}));

test('a message is sent once, and the guard is heard', () => on(busy(), {}, async (page, mock) => {
  await open(page, mock, '#/conversations/12');
  await page.getByLabel('Write a message').fill('the password is hunter2');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('The message looks like a secret, and the guard holds it back.').waitFor();
  await page.screenshot({ path: `${SHOTS}refused-send-light.png` });
  await page.getByLabel('Write a message').fill('On my way');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.turn', { hasText: 'On my way' }).waitFor();
  await page.getByRole('button', { name: 'Pause for an hour' }).click();
  await page.getByText(/Paused until/).waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByText(/Paused until/).waitFor({ state: 'detached' });
}));

test('a refused sender is admitted from the decision', () => on(busy(), {}, async (page, mock) => {
  await open(page, mock, '#/why');
  await page.locator('summary', { hasText: 'Refused' }).click();
  await page.getByRole('button', { name: 'Allow +1 555 999 0000' }).click();
  await page.getByText('may talk to Family from now on').waitFor();
  assert.ok(mock.world.allow.get('/channels/family').some(({ entry }) => entry === '+15559990000'));
}));

test('the tree of actors is walked with arrows', () => on(busy(), {}, async (page, mock) => {
  await open(page, mock, '#/health');
  const here = () => page.evaluate(() => document.activeElement.querySelector('strong')?.textContent);
  await page.getByRole('treeitem', { name: /^runtime/ }).first().focus();
  await page.keyboard.press('ArrowDown');
  assert.equal(await here(), 'links');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowDown');
  assert.equal(await here(), 'conversations', 'what is closed is passed over');
  await page.keyboard.press('ArrowRight');
  assert.equal(await here(), 'conversation 12');
  await page.keyboard.press('Home');
  assert.equal(await here(), 'runtime');
}));

test('no element hides a method that the browser itself calls', () => on(busy(), {}, async (page, mock) => {
  await open(page, mock);
  for (const hash of ['#/conversations', '#/why', '#/waiting', '#/people', '#/usage', '#/assistants', '#/health', '#/settings', '#/more', '#/channels/shop']) await go(page, hash);
  await page.getByText('Set-up, step by step').click();
  await page.locator('greenroom-cloud').waitFor();
  const tags = [...(await Promise.all((await sources()).map((text) => [...text.matchAll(/customElements\.define\('([a-z-]+)'/g)].map(([, tag]) => tag)))).flat()].filter((tag) => tag !== 'greenroom-link');
  assert.ok(tags.length > 12, `${tags}`);
  const hidden = await page.evaluate((names) => names.flatMap((tag) => {
    const known = customElements.get(tag);
    if (!known) return [`${tag} is not defined`];
    return Object.getOwnPropertyNames(known.prototype).filter((name) => name !== 'constructor' && name in HTMLElement.prototype).map((name) => `${tag}.${name}`);
  }), tags);
  assert.deepEqual(hidden, []);
}));
