// The way from a list without entries to a connected account, and what can happen on it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Mock, busy, fresh as empty, session } from './mock.mjs';
import { SHOTS, browser, findings, fresh, go, open } from './browser.mjs';

let launched;
before(async () => { launched = await browser(); });
after(() => launched?.close());

/** A page over a world. */
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

/** A world with one number, and a session that is being linked. */
function linking() {
  const world = empty();
  world.allow.get('/channels/family').push({ entry: '+15551234567', origin: 'added in the portal', removable: true });
  world.sessions.push(session('acc-7', { label: null, linked_at_ms: null, code: 'awaiting_scan', status: 'awaiting scan' }));
  return world;
}

const shot = async (page, name) => {
  assert.deepEqual(await findings(page), []);
  await page.screenshot({ path: `${SHOTS}${name}.png`, fullPage: true });
};

/** Presses Tab until something with this name has the focus; fails after too many. */
async function tabTo(page, name) {
  for (let n = 0; n < 60; n += 1) {
    await page.keyboard.press('Tab');
    const here = await page.evaluate(() => {
      const element = document.activeElement;
      return (element?.labels?.[0]?.textContent || element?.getAttribute('aria-label') || element?.textContent || '').trim().replace(/\s+/g, ' ');
    });
    if (name.test(here)) return;
  }
  assert.fail(`no way to ${name} by Tab`);
}

test('linking with the keyboard only', () => on(empty(), {}, async (page, mock) => {
  await open(page, mock);
  await tabTo(page, /^Connect a phone$/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Who may talk to it' }).waitFor();
  // Without a number the way is closed, and says why.
  await tabTo(page, /^Continue$/);
  const button = page.getByRole('button', { name: 'Continue' });
  assert.equal(await button.getAttribute('aria-disabled'), 'true');
  assert.match(await page.locator(`#${await button.getAttribute('aria-describedby')}`).textContent(), /at least one number/);
  await page.keyboard.press('Enter');
  // The focus is in the field now.
  await page.keyboard.type('555 123 4567');
  await page.getByText('Write + and the country code first').waitFor();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('+1 (555) 123-4567');
  await page.getByText('Will be added as').waitFor();
  await page.getByText('United States or Canada').waitFor();
  await shot(page, 'link-1-number-light');
  await page.keyboard.press('Enter');
  await page.locator('.entry', { hasText: '+1 555 123 4567' }).waitFor();
  assert.deepEqual(mock.world.allow.get('/channels/family').map(({ entry }) => entry), ['+15551234567']);
  await tabTo(page, /^Continue$/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Before you link' }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Before you link', 'the heading has the focus');
  await shot(page, 'link-2-warning-light');
  await tabTo(page, /^I understand/);
  await page.keyboard.press('Space');
  await tabTo(page, /^Generate QR code$/);
  await page.keyboard.press('Enter');
  await page.getByAltText('QR code 1 of 6').waitFor();
  const begun = mock.world.sessions[0].session;
  assert.match(page.url(), new RegExp(`link/${begun}$`), 'the address survives a reload');
  await shot(page, 'link-3-scan-light');
  mock.step(begun, { step: 'wait', guidance: 'The phone agreed; keys are being stored ...' });
  await page.getByText('keys are being stored').waitFor();
  await shot(page, 'link-4-finishing-light');
  mock.linked(begun);
  await page.getByRole('heading', { name: 'Connected' }).waitFor();
  await page.getByText('+1 555 000 0001').waitFor();
  assert.equal(await page.getByRole('link', { name: 'Open the chat in WhatsApp' }).getAttribute('href'), 'https://wa.me/15550000001');
  await shot(page, 'link-5-connected-light');
  mock.tell('counts', { session: begun, answered: 1, refused: 0 });
  await page.getByText('It answered its first message.').waitFor();
  await tabTo(page, /^Done$/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Family' }).waitFor();
  await page.locator('.session', { hasText: 'Connected' }).waitFor();
}));

test('a new code takes the place of the old one, and the focus stays where it is', () => on(linking(), {}, async (page, mock) => {
  mock.showQr('acc-7', 1, 9_000);
  await open(page, mock, '#/channels/family/link/acc-7');
  await page.getByAltText('QR code 1 of 6').waitFor();
  const button = page.getByRole('button', { name: 'Refresh QR' });
  await button.focus();
  const node = await page.$('.qr img');
  const before = await node.getAttribute('src');
  const said = page.locator('.connect > [aria-live="polite"]');
  await page.evaluate(() => {
    globalThis.spoken = [];
    new MutationObserver(() => globalThis.spoken.push(document.querySelector('.connect > [aria-live]').textContent))
      .observe(document.querySelector('.connect > [aria-live]'), { characterData: true, childList: true, subtree: true });
  });
  await page.waitForTimeout(2_200);
  mock.showQr('acc-7', 2, 9_000);
  await page.getByAltText('QR code 2 of 6').waitFor();
  assert.notEqual(await node.getAttribute('src'), before, 'the same image element shows the new code');
  assert.ok(await button.evaluate((element) => element === document.activeElement), 'the focus has not moved');
  assert.equal((await said.textContent()).trim(), 'QR code 2 of 6 is shown');
  assert.deepEqual(await page.evaluate(() => globalThis.spoken), ['QR code 2 of 6 is shown'], 'said once a code, not once a second');
  // What was shown too long is not offered for scanning.
  mock.showQr('acc-7', 3, 1_500);
  await page.getByText('Waiting for the next code').waitFor();
  await shot(page, 'link-code-over-light');
}));

test('a hidden tab asks for nothing, and the code is the live one when it is seen', () => on(linking(), {}, async (page, mock) => {
  mock.showQr('acc-7', 1, 60_000);
  await open(page, mock, '#/channels/family/link/acc-7');
  await page.getByAltText('QR code 1 of 6').waitFor();
  const hide = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await hide(true);
  await page.waitForTimeout(600);
  const asked = mock.asked.length;
  assert.equal(mock.streams.size, 0, 'the stream is closed');
  mock.showQr('acc-7', 2, 60_000);
  mock.tell('state', {});
  await page.waitForTimeout(5_000);
  assert.deepEqual(mock.asked.slice(asked), [], 'nothing was asked');
  await hide(false);
  await page.getByAltText('QR code 2 of 6').waitFor();
  await assert.doesNotReject(page.waitForFunction(() => document.querySelector('.connection')?.textContent.includes('Live')));
}));

test('a pairing code, fresh codes, and a question of the network', () => on(linking(), { phone: true }, async (page, mock) => {
  mock.showQr('acc-7', 1, 60_000);
  await open(page, mock, '#/channels/family/link/acc-7');
  await page.getByAltText('QR code 1 of 6').waitFor();
  await page.getByLabel('Number of the phone that you link').fill('+15550000001');
  await page.getByRole('button', { name: 'Get a code for this number' }).click();
  await page.getByRole('img', { name: 'Code K 7 Q M 2 X W D' }).waitFor();
  await shot(page, 'link-pairing-code-phone');
  mock.step('acc-7', { step: 'ask', guidance: 'WhatsApp asks for the PIN of two-step verification.', fields: [{ name: 'pin', label: 'PIN', secret: true }] });
  await page.getByLabel('PIN').fill('123456');
  assert.equal(await page.getByLabel('PIN').getAttribute('type'), 'password');
  await shot(page, 'link-question-phone');
  await page.getByRole('button', { name: 'Send the answer' }).click();
  await page.waitForTimeout(300);
  assert.ok(mock.asked.includes('POST /api/v1/sessions/acc-7/link/answers'));
  mock.step('acc-7', { step: 'open', address: 'https://web.whatsapp.com/passkey', guidance: 'WhatsApp asks for the passkey of this account.', valid_until_ms: Date.now() + 90_000 });
  await page.getByRole('link', { name: 'Open the page' }).waitFor();
  await shot(page, 'link-passkey-phone');
  mock.step('acc-7', { step: 'open', address: 'javascript:alert(1)', guidance: 'WhatsApp asks for the passkey of this account.' });
  await page.getByText('javascript:alert(1)').waitFor();
  assert.equal(await page.getByRole('link', { name: 'Open the page' }).count(), 0, 'such an address is a text');
}));

test('how linking fails is told by name, and what comes next', () => on(linking(), {}, async (page, mock) => {
  mock.showQr('acc-7', 6, 60_000);
  await open(page, mock, '#/channels/family/link/acc-7');
  await page.getByAltText('QR code 6 of 6').waitFor();
  mock.step('acc-7', { step: 'failed', failure: { kind: 'expired' }, reason: 'the code expired', next: 'link again' }, false);
  await page.getByText('The codes ran out before one was used').waitFor();
  await shot(page, 'link-expired-light');
  mock.step('acc-7', { step: 'failed', failure: { kind: 'no_room', devices_max: 4 }, reason: 'no room', next: 'remove one' }, false);
  await page.getByText('Your phone already has 4 linked devices').waitFor();
  mock.step('acc-7', { step: 'failed', failure: { kind: 'other' }, reason: 'the phone said <b>no</b>', next: 'try again' }, false);
  await page.getByText('The phone said <b>no</b>. Try again.').waitFor();
  // A new code needs the warning again where it was not read on this page.
  await page.getByRole('button', { name: 'Generate a new code' }).click();
  await page.getByRole('heading', { name: 'Before you link' }).waitFor();
  await page.getByText('I understand').click();
  await page.getByRole('button', { name: 'Generate QR code' }).click();
  await page.getByAltText('QR code 1 of 6').waitFor();
  assert.equal(mock.world.sessions.length, 1, 'the same session is linked again');
}));

test('the limit of sessions is told with its numbers', () => on(empty(), {}, async (page, mock) => {
  mock.world.allow.get('/channels/family').push({ entry: '+15551234567', origin: 'added in the portal', removable: true });
  mock.world.channels[0].sessions_max = 1;
  mock.world.sessions.push(session('acc-1', { label: '+15550000001' }));
  await open(page, mock, '#/channels/family');
  assert.equal(await page.getByRole('button', { name: 'Connect another account' }).getAttribute('aria-disabled'), 'true');
  await page.getByText('1 of 1: disconnect one to connect another').waitFor();
  await go(page, '#/channels/family/link');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('I understand').click();
  await page.getByRole('button', { name: 'Generate QR code' }).click();
  await page.getByText('Maximum sessions reached.').waitFor();
  await page.getByText('1 of 1 are in use').waitFor();
  await shot(page, 'link-limit-light');
}));

test('numbers are edited, removed with a way back, and the last one stays', () => on(empty(), {}, async (page, mock) => {
  mock.world.sessions.push(session('acc-1', { label: '+15550000001' }));
  const list = mock.world.allow.get('/channels/family');
  list.push({ entry: '+15551234567', origin: 'added in the portal', removable: true }, { entry: '+491701234567', origin: 'added in the portal', removable: true });
  await open(page, mock, '#/channels/family');
  await page.getByRole('button', { name: 'Remove +491701234567' }).click();
  await page.getByText('+49 170 123 4567 was removed').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.locator('.entry', { hasText: '+49 170 123 4567' }).waitFor();
  await page.getByRole('button', { name: 'Remove +491701234567' }).click();
  await page.waitForTimeout(300);
  await page.getByRole('button', { name: 'Remove +15551234567' }).click();
  await page.getByText('The last number cannot be removed while an account is linked.').waitFor();
  // Many at once, one of which is wrong and stays in the field.
  await page.getByLabel('Phone number').fill('+447700900123, 0170 1234567, +34 600 123 456');
  await page.getByText('3 entries will be added').waitFor();
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByText('Write + and the country code first').waitFor();
  assert.equal(await page.getByLabel('Phone number').inputValue(), '0170 1234567');
  assert.equal(list.length, 3);
  await page.getByLabel('Phone number').fill('+15551');
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByText('too short').waitFor();
}));

test('disconnecting asks for the last digits, and says what it means', () => on(busy(), {}, async (page, mock) => {
  await open(page, mock, '#/channels/family');
  await page.getByRole('button', { name: 'Disconnect +1 555 000 0001' }).click();
  const dialog = page.getByRole('dialog', { name: 'Disconnect +1 555 000 0001?' });
  await dialog.getByText('deletes its keys here').waitFor();
  await shot(page, 'disconnect-light');
  await dialog.getByRole('textbox').press('Enter');
  assert.ok(mock.world.sessions.some((row) => row.session === 'acc-1'), 'nothing happens without the digits');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement?.textContent.trim().replace(/\s+/g, ' ')), 'Disconnect +1 555 000 0001', 'the focus is back');
  await page.keyboard.press('Enter');
  await dialog.getByRole('textbox').fill('0001');
  await page.keyboard.press('Enter');
  await page.getByText('+1 555 000 0001 was disconnected').waitFor();
  await page.locator('.session-name', { hasText: '+1 555 000 0001' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Clean up all' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Clean up all' }).click();
  await page.getByText('2 pending accounts removed').waitFor();
}));
