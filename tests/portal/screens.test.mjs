// Every screen in light, in dark and on a phone: no serious finding of axe, no fault in the console, nothing wider than the
// window, and a screenshot in target/portal-screenshots.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cpus, loadavg } from 'node:os';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { Mock, busy, fresh as empty } from './mock.mjs';
import { SHOTS, browser, findings, fresh, go, open, sideways } from './browser.mjs';

/** Bytes of the first load, compressed, and the time to the first paint. */
const FIRST_LOAD_MAX = 100 * 1024;
const FIRST_PAINT_MAX = 300;

const SCREENS = [
  ['channels', '#/channels'], ['channel', '#/channels/family'], ['business', '#/channels/shop'], ['who', '#/channels/family/link'],
  ['conversations', '#/conversations'], ['conversation', '#/conversations/12'], ['paused', '#/conversations/21'], ['decisions', '#/why'], ['decision', '#/why/3EB0D21B09'], ['lost', '#/why/never-arrived'],
  ['waiting', '#/waiting'], ['people', '#/people'], ['usage', '#/usage'], ['assistants', '#/assistants'], ['health', '#/health'], ['settings', '#/settings'], ['more', '#/more'],
  ['unknown', '#/channels/gone'],
];
const EMPTY = [['first-run', '#/channels'], ['empty-conversations', '#/conversations'], ['empty-decisions', '#/why'], ['empty-people', '#/people'], ['empty-usage', '#/usage'], ['empty-waiting', '#/waiting'], ['well', '#/health']];

/** Opens what can be opened, so that it is looked at too. */
const PREPARE = {
  business: async (page) => {
    await page.getByText('Set-up, step by step').click();
    await page.getByLabel('Phone number ID').fill('+1 555 010 0200');
    await page.getByLabel('App secret').fill('0123456789abcdef0123456789abcdef');
  },
  decisions: (page) => page.locator('summary').first().click(),
  people: async (page) => {
    await page.getByLabel('Search people').fill('+15551234567');
    await page.getByRole('button', { name: 'Which rule decides?' }).click();
    await page.getByText('The nearest entry is').waitFor();
  },
};

let launched;
before(async () => { launched = await browser(); });
after(() => launched?.close());

async function walk(world, screens, kind, options) {
  const mock = await new Mock(world).start();
  const page = await fresh(launched, options);
  const found = [];
  try {
    await open(page, mock);
    for (const [name, hash] of screens) {
      await go(page, hash);
      await PREPARE[name]?.(page);
      await page.waitForTimeout(200);
      await page.screenshot({ path: `${SHOTS}${name}-${kind}.png`, fullPage: true });
      found.push(...(await findings(page)).map((finding) => `${name}: ${finding}`));
      if ((await sideways(page)) > 0) found.push(`${name}: wider than the window by ${await sideways(page)}`);
    }
    assert.deepEqual(found, []);
    assert.deepEqual(page.faults, []);
  } finally {
    await page.context().close();
    await mock.stop();
  }
}

for (const [kind, options] of [['light', {}], ['dark', { theme: 'dark' }], ['phone', { phone: true }], ['phone-dark', { phone: true, theme: 'dark' }]]) {
  test(`screens with much on them, ${kind}`, () => walk(busy(), SCREENS, kind, options));
  test(`screens with nothing on them, ${kind}`, () => walk(empty(), EMPTY, kind, options));
}

test('at 320 px, and at 200 % of a small window, nothing scrolls sideways', async () => {
  const mock = await new Mock(busy()).start();
  const page = await fresh(launched, { viewport: { width: 320, height: 640 } });
  try {
    await open(page, mock);
    const wide = [];
    for (const [name, hash] of SCREENS) {
      await go(page, hash);
      await PREPARE[name]?.(page);
      await page.waitForTimeout(100);
      if ((await sideways(page)) > 0) wide.push(`${name}: ${await sideways(page)}`);
      await page.screenshot({ path: `${SHOTS}${name}-320.png`, fullPage: true });
    }
    assert.deepEqual(wide, []);
  } finally {
    await page.context().close();
    await mock.stop();
  }
});

test('the door, and a link that was used', async () => {
  const mock = await new Mock(busy()).start();
  const page = await fresh(launched);
  try {
    await page.goto(`${mock.origin}/portal/`);
    await page.getByRole('heading', { name: 'Log in to Greenroom' }).waitFor();
    assert.deepEqual(await findings(page), []);
    await page.screenshot({ path: `${SHOTS}door-light.png` });
    await page.getByLabel('Or paste the link here').fill('hello world');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('This is not a log-in link').waitFor();
    await page.getByLabel('Or paste the link here').fill(`${mock.origin}/portal/#login=USED`);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'This link worked once' }).waitFor();
    assert.doesNotMatch(page.url(), /USED/, 'the code leaves the address');
    await page.screenshot({ path: `${SHOTS}door-used-light.png` });
    await page.getByLabel('Or paste the link here').fill(`${mock.origin}/portal/#login=ONCE`);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Channels' }).waitFor();
    assert.doesNotMatch(page.url(), /ONCE/);
    assert.deepEqual(page.faults, []);
  } finally {
    await page.context().close();
    await mock.stop();
  }
});

test('the first load is small, paints soon, and needs no other machine', async () => {
  const mock = await new Mock(busy()).start();
  const page = await fresh(launched);
  try {
    const elsewhere = [];
    page.on('response', (response) => {
      const url = new URL(response.url());
      if (url.origin !== mock.origin && url.protocol !== 'data:') elsewhere.push(response.url());
    });
    await open(page, mock);
    await page.getByText('+1 555 000 0001').first().waitFor();
    await page.waitForTimeout(200);
    const sizes = await Promise.all([...mock.files].map(async (name) => gzipSync(await readFile(new URL(`../../runtime/gateway/portal/${name}`, import.meta.url))).length));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
    console.log(`first load: ${bytes} bytes of gzip, first paint after ${Math.round(paint)} ms`);
    assert.deepEqual(elsewhere, []);
    assert.ok(bytes < FIRST_LOAD_MAX, `${bytes} bytes`);
    // On a machine that does other things the figure says nothing about the page.
    if (loadavg()[0] < cpus().length) assert.ok(paint < FIRST_PAINT_MAX, `first paint after ${paint} ms`);
  } finally {
    await page.context().close();
    await mock.stop();
  }
});

test('the theme is chosen and kept', async () => {
  const mock = await new Mock(busy()).start();
  const page = await fresh(launched);
  try {
    await open(page, mock, '#/settings');
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.getByText('Dark', { exact: true }).click();
    assert.notEqual(await ground(), light);
    await page.reload();
    await page.waitForSelector('.frame');
    assert.notEqual(await ground(), light);
  } finally {
    await page.context().close();
    await mock.stop();
  }
});
