// The set-up of a business number: what is pasted is looked at, checked, saved, and secrets never come back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SHOTS, browser, findings, fresh, go, open, sideways } from './browser.mjs';
import { Mock, busy, fresh as empty } from './mock.mjs';

let launched;
before(async () => { launched = await browser(); });
after(() => launched?.close());

const TOKEN = `EAA${'a1B2'.repeat(30)}`;
const SECRET = '0123456789abcdef0123456789abcdef';
const ID = 'Phone number ID', ACCESS = 'Access token', APP = 'App secret';

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

const fill = (page, label, text) => page.getByLabel(label, { exact: true }).fill(text);
const said = (page, label) => page.getByLabel(label, { exact: true }).evaluate((input) => document.getElementById(input.getAttribute('aria-describedby')).textContent);

for (const [name, options] of [['light', {}], ['dark', { theme: 'dark' }], ['phone', { phone: true }]]) {
  test(`a business number is set up from the first run (${name})`, () => on(empty(), options, async (page, mock) => {
    mock.world.channels = mock.world.channels.filter(({ kind }) => kind !== 'business');
    await open(page, mock);
    await page.getByRole('link', { name: 'Set it up' }).click();
    await page.getByRole('heading', { name: 'Use a business number' }).waitFor();
    const save = page.getByRole('button', { name: 'Save' });
    assert.equal(await save.getAttribute('aria-disabled'), 'true');
    // The commonest mistake, in place.
    await fill(page, ID, '+1 555 123 4567');
    assert.match(await said(page, ID), /This is the phone number/);
    await fill(page, ID, '106540352242922');
    await fill(page, ACCESS, SECRET);
    assert.match(await said(page, ACCESS), /This is an app secret/);
    await fill(page, ACCESS, TOKEN);
    await fill(page, APP, SECRET.slice(1));
    assert.match(await said(page, APP), /has 31 characters/);
    await fill(page, APP, SECRET);
    assert.equal(await save.getAttribute('aria-disabled'), 'false');
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    const checks = page.getByRole('status', { name: 'What Meta says' });
    await checks.getByText('valid, and it never expires').waitFor();
    assert.equal(await checks.getByRole('listitem').count(), 4);
    assert.equal(mock.world.settings?.whatsapp, undefined, 'nothing was saved');
    assert.deepEqual(await findings(page), []);
    assert.equal(await sideways(page), 0);
    await page.screenshot({ path: `${SHOTS}cloud-verified-${name}.png`, fullPage: true });
    const word = await page.locator('.copyable', { hasText: 'Verify token' }).locator('code').textContent();
    await save.click();
    await page.getByText('Saved, and in use').waitFor();
    const kept = mock.world.settings.whatsapp;
    assert.deepEqual([kept.phone_number_id.text, kept.access_token.text, kept.app_secret.text, kept.verify_token.text], ['106540352242922', TOKEN, SECRET, word]);
    // What Meta must be told is still there, and no secret is.
    await page.locator('.copyable', { hasText: 'Verify token' }).locator('code', { hasText: word }).waitFor();
    await page.screenshot({ path: `${SHOTS}cloud-new-${name}.png`, fullPage: true });
    await go(page, '#/channels');
    await go(page, '#/channels/whatsapp');
    await page.getByRole('heading', { name: 'Whatsapp' }).waitFor();
    const whole = await page.content();
    for (const secret of [TOKEN, SECRET]) assert.ok(!whole.includes(secret), 'a secret is not shown');
  }));
}

test('what is set stays unless it is typed anew, and no secret comes back', () => on(busy(), {}, async (page, mock) => {
  await open(page, mock, '#/channels/shop');
  await page.getByRole('button', { name: /Set-up, step by step/ }).click();
  assert.equal(await page.getByLabel(ID, { exact: true }).getAttribute('placeholder'), '106540352242922');
  await page.getByText('Set by the configuration').first().waitFor();
  await fill(page, ACCESS, TOKEN);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved, and in use').waitFor();
  assert.deepEqual(Object.keys(mock.world.settings.shop), ['access_token'], 'only what was typed');
  assert.equal(await page.getByLabel(ACCESS, { exact: true }).inputValue(), '');
  assert.match(await said(page, ACCESS), /Saved just now/);
  await page.getByRole('button', { name: 'Make another one' }).click();
  await page.locator('.copyable', { hasText: 'Verify token' }).waitFor();
  await page.screenshot({ path: `${SHOTS}cloud-saved.png`, fullPage: true });
}));

test('what the server knows to be wrong is said at its field', () => on(busy(), {}, async (page, mock) => {
  await open(page, mock, '#/channels/shop');
  await page.getByRole('button', { name: /Set-up, step by step/ }).click();
  await fill(page, ACCESS, `EAArefuse${'a1B2'.repeat(30)}`);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('A value is wrong. Nothing was saved.').waitFor();
  assert.match(await said(page, ACCESS), /The server knows that this is wrong/);
  assert.equal(await page.getByLabel(ACCESS, { exact: true }).getAttribute('aria-invalid'), 'true');
}));

test('where nothing can be saved there are lines to copy', () => on(busy(), {}, async (page, mock) => {
  mock.world.no_settings = true;
  await open(page, mock, '#/channels/shop');
  await page.getByRole('button', { name: /Set-up, step by step/ }).click();
  await page.getByText('Put these lines into').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Save' }).count(), 0);
  page.faults.length = 0;
}));
