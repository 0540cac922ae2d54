// `<greenroom-link>` in the page of another application, at another origin, with that page's own strict policy.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Mock, fresh as empty, session } from './mock.mjs';
import { SHOTS, browser, findings, fresh, sideways } from './browser.mjs';

const EXAMPLE = new URL('../../examples/link-widget/', import.meta.url);
/** Longest page that the example may be, in lines. */
const EXAMPLE_LINES_MAX = 20;

let launched;
before(async () => { launched = await browser(); });
after(() => launched?.close());

/** The application: the example's own page, with the gateway's address put in, and tokens. */
async function application(mock, tokens) {
  const page = (await readFile(new URL('index.html', EXAMPLE), 'utf8')).replaceAll('http://127.0.0.1:8787', mock.origin);
  const server = createServer(async (request, response) => {
    if (request.url === '/greenroom-token') {
      const token = tokens.shift() ?? '';
      return token ? response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ token })) : response.writeHead(500).end();
    }
    if (request.url === '/page.js') return response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(await readFile(new URL('page.js', EXAMPLE)));
    if (request.url === '/page.css') return response.writeHead(200, { 'Content-Type': 'text/css' }).end(await readFile(new URL('page.css', EXAMPLE)));
    if (request.url !== '/') return response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(page);
  });
  // Another name for this machine makes another site too.
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, origin: `http://localhost:${server.address().port}` };
}

async function embedded(world, tokens, options, work) {
  const mock = await new Mock(world).start();
  const app = await application(mock, tokens);
  mock.bearers.add('good.token.1').add('good.token.2');
  mock.origins.add(app.origin);
  const page = await fresh(launched, options);
  await page.addInitScript(() => {
    globalThis.heard = [];
    addEventListener('DOMContentLoaded', () => {
      for (const name of ['linked', 'unlinked', 'error']) document.querySelector('greenroom-link').addEventListener(name, (event) => globalThis.heard.push([name, event.detail]));
    });
  });
  try {
    await page.goto(app.origin);
    await work(page, mock, app);
  } finally {
    await page.context().close();
    app.server.close();
    await mock.stop();
  }
}

const heard = (page) => page.evaluate(() => globalThis.heard);

test('the example page is short', async () => {
  const lines = (await readFile(new URL('index.html', EXAMPLE), 'utf8')).trim().split('\n').length;
  assert.ok(lines <= EXAMPLE_LINES_MAX, `${lines} lines`);
});

for (const options of [{}, { theme: 'dark' }, { phone: true }]) {
  const kind = options.phone ? 'phone' : options.theme || 'light';
  test(`an account is linked and unlinked in a foreign page, ${kind}`, () => embedded(empty(), ['good.token.1'], options, async (page, mock) => {
    const shot = async (name) => {
      assert.deepEqual((await findings(page)).filter((line) => !line.startsWith('landmark')), []);
      assert.ok((await sideways(page)) <= 0, `${name} is not wider than the window`);
      await page.screenshot({ path: `${SHOTS}widget-${name}-${kind}.png` });
    };
    await page.getByRole('button', { name: 'Connect WhatsApp' }).waitFor();
    await page.waitForTimeout(200);
    await shot('empty');
    await page.getByRole('button', { name: 'Connect WhatsApp' }).click();
    await page.getByLabel('Phone number').fill('+1 555 123 4567');
    await page.getByRole('button', { name: 'Add' }).click();
    await page.locator('.entry').waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('I understand').click();
    if (options.phone) await page.getByText('Scan a QR code').click();
    await page.getByRole('button', { name: 'Generate QR code' }).click();
    await page.getByAltText('QR code 1 of 6').waitFor();
    assert.ok(await page.getByAltText('QR code 1 of 6').evaluate((image) => image.complete && image.naturalWidth > 0), 'the image is there under the policy of the page');
    await shot('scan');
    const id = mock.world.sessions[0].session;
    mock.linked(id);
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
    assert.deepEqual((await heard(page)).filter(([name]) => name === 'linked'), [['linked', { session: id, label: '+15550000001', channel: 'family' }]]);
    await page.locator('#told', { hasText: 'linked: +15550000001' }).waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.locator('.session-name', { hasText: '+1 555 000 0001' }).waitFor();
    await shot('connected');
    await page.getByRole('button', { name: 'Edit allowed numbers' }).click();
    await page.locator('.entry', { hasText: '+1 555 123 4567' }).waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByRole('dialog').getByRole('textbox').fill('0001');
    await shot('disconnect');
    await page.keyboard.press('Enter');
    await page.getByText('No account is connected yet.').waitFor();
    assert.deepEqual((await heard(page)).at(-1), ['unlinked', { session: id, channel: 'family' }]);
    assert.deepEqual(page.faults, []);
    assert.ok(!mock.asked.some((line) => line.includes('good.token')), 'the token is in no address');
  }));
}

test('a refused token is replaced once, and what fails is told by its name', async () => {
  await embedded(empty(), ['old.token.0', 'good.token.2'], {}, async (page) => {
    await page.getByRole('button', { name: 'Connect WhatsApp' }).waitFor();
    assert.deepEqual(await heard(page), []);
  });
  await embedded(empty(), ['old.token.0', 'old.token.1', 'old.token.2'], {}, async (page) => {
    await page.getByText('The gateway does not accept the token').waitFor();
    assert.equal((await heard(page))[0][1].code, 'unauthorized');
    await page.screenshot({ path: `${SHOTS}widget-401-light.png` });
  });
  await embedded(empty(), [], {}, async (page) => {
    await page.locator('greenroom-link').getByText('its token-url answered 500').waitFor();
    assert.equal((await heard(page))[0][1].code, 'no-token');
  });
  await embedded(empty(), ['good.token.1'], {}, async (page) => {
    await page.getByRole('button', { name: 'Connect WhatsApp' }).waitFor();
    await page.evaluate(() => document.querySelector('greenroom-link').setAttribute('gateway', ''));
    await page.getByText('Gateway not configured').waitFor();
  });
});

test('a page that is not allowed is told so, and sees nothing', () => embedded(empty(), ['good.token.1', 'good.token.1'], {}, async (page, mock) => {
  mock.origins.clear();
  await page.reload();
  await page.getByText('The gateway cannot be reached').waitFor();
  assert.equal((await heard(page))[0][1].code, 'unreachable');
}));

test('the look of the page and that of the card do not mix', () => embedded((() => {
  const world = empty();
  world.sessions.push(session('acc-1', { label: '+15550000001' }));
  return world;
})(), ['good.token.1'], {}, async (page) => {
  await page.locator('.session-name', { hasText: '+1 555 000 0001' }).waitFor();
  const colour = () => page.getByRole('button', { name: 'Reconnect' }).evaluate((button) => getComputedStyle(button).color);
  const before = await colour();
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('button { color: red !important; font-size: 40px }');
    document.adoptedStyleSheets = [sheet];
  });
  assert.equal(await colour(), before);
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('h1')).fontWeight), '700', 'the page keeps its own');
}));

test('an owner who does not run the server has lists of their accounts', () => embedded((() => {
  const world = empty();
  Object.assign(world.me, { owner: 'user-42', scopes: ['read', 'control', 'settings', 'delete'] });
  return world;
})(), ['good.token.1'], {}, async (page, mock) => {
  await page.getByRole('button', { name: 'Connect WhatsApp' }).click();
  await page.getByLabel('Phone number').fill('+15551234567, +491701234567');
  await page.getByRole('button', { name: 'Add' }).click();
  await page.locator('.entry').nth(1).waitFor();
  await page.getByRole('button', { name: 'Remove +491701234567' }).click();
  await page.locator('.entry').nth(1).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('I understand').click();
  await page.getByRole('button', { name: 'Generate QR code' }).click();
  await page.getByAltText('QR code 1 of 6').waitFor();
  const id = mock.world.sessions[0].session;
  assert.deepEqual(mock.world.allow.get(`/sessions/${id}`).map(({ entry }) => entry), ['+15551234567']);
  mock.linked(id);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Edit allowed numbers' }).click();
  await page.getByLabel('Phone number').fill('+447700900123');
  await page.getByRole('button', { name: 'Add' }).click();
  await page.locator('.entry').nth(1).waitFor();
  assert.equal(mock.world.allow.get(`/sessions/${id}`).length, 2);
  assert.ok(!mock.asked.some((line) => /channels\/[^/]+\/allow/.test(line)), 'the list of the channel is not asked for');
  assert.deepEqual(page.faults, []);
}));
