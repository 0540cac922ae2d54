// The owner's whole way with the real program: log in, add a number, link with a simulated phone, chat, see why, reconnect,
// disconnect. And the card in the page of another application.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SHOTS, browser, findings, fresh, go } from './browser.mjs';
import { Greenroom, Whatsapp, missing } from './program.mjs';

const BOT = '15550000001', ANA = '15551234567';
const skip = missing.length ? `not built: ${missing.join(', ')} (cargo build --workspace --all-features)` : false;
if (skip && process.env.CI) throw new Error(skip);

let launched, whatsapp;
before(async () => {
  if (skip) return;
  launched = await browser();
  whatsapp = await Whatsapp.start();
  await whatsapp.ask('phone', { number: BOT, name: 'Bot' });
  await whatsapp.ask('phone', { number: ANA, name: 'Ana <b>Pereira</b>' });
});
after(async () => {
  await launched?.close();
  whatsapp?.stop();
});

const channel = () => `[channels.family]\nadapter = "whatsapp-web"\nassistant = "helper"\npacing = "off"\nsocket_url = "${whatsapp.told.url}"\nmedia_certificate = "${whatsapp.told.certificate}"\n`;

/** What the QR code on the page says: the text is in the progress that the page asks for. */
function watchCodes(page) {
  const seen = { code: '' };
  page.on('response', async (response) => {
    if (/\/qr\?format=json$/.test(response.url()) && response.ok()) seen.code = (await response.json().catch(() => ({}))).code || seen.code;
  });
  return seen;
}

test('the owner links a phone, chats, sees why, and disconnects', { skip, timeout: 240_000 }, async () => {
  const server = await Greenroom.start(channel());
  const page = await fresh(launched);
  page.setDefaultTimeout(40_000);
  const codes = watchCodes(page);
  try {
    const link = server.link();
    await page.goto(link);
    await page.getByRole('heading', { name: 'This is your Greenroom' }).waitFor();
    assert.doesNotMatch(page.url(), /login/);
    const cookie = (await page.context().cookies()).find(({ name }) => name.includes('greenroom_session'));
    assert.ok(cookie.httpOnly && cookie.sameSite === 'Strict', JSON.stringify(cookie));
    await page.screenshot({ path: `${SHOTS}real-1-first-run.png`, fullPage: true });
    await page.getByRole('link', { name: 'Connect a phone' }).click();
    await page.getByLabel('Phone number').fill('+1 555 123 4567');
    await page.getByRole('button', { name: 'Add' }).click();
    await page.locator('.entry').waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('I understand').click();
    await page.getByRole('button', { name: 'Generate QR code' }).click();
    const image = page.getByAltText(/QR code 1 of/);
    await image.waitFor();
    assert.ok(await image.evaluate((img) => img.decode().then(() => img.naturalWidth > 0)));
    await page.screenshot({ path: `${SHOTS}real-2-scan.png`, fullPage: true });
    await whatsapp.ask('scan', { number: BOT, qr: codes.code });
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
    await page.screenshot({ path: `${SHOTS}real-3-connected.png`, fullPage: true });
    await page.getByRole('button', { name: 'Done' }).click();
    await page.locator('.session', { hasText: 'Connected' }).waitFor();
    await page.getByText('+1 555 000 0001').first().waitFor();
    // The last number stays while an account is linked.
    await page.getByRole('button', { name: `Remove +${ANA}` }).click();
    await page.locator('.toast', { hasText: /last entry/ }).waitFor();

    await whatsapp.ask('write', { number: ANA, to: BOT, text: 'hello <img src=x onerror=alert(1)>' });
    const { heard } = await whatsapp.ask(`heard?number=${ANA}&after=0&wait_ms=30000`);
    assert.match(heard[0].body.text, /hello/);
    await go(page, '#/conversations');
    await page.locator('.person').click();
    await page.locator('.turn', { hasText: 'hello <img src=x' }).first().waitFor();
    await page.screenshot({ path: `${SHOTS}real-4-conversation.png`, fullPage: true });
    await page.getByLabel('Write a message').fill('written by the owner');
    await page.getByRole('button', { name: 'Send' }).click();
    const more = await whatsapp.ask(`heard?number=${ANA}&after=1&wait_ms=30000`);
    assert.match(more.heard[0].body.text, /written by the owner/);
    await go(page, '#/why');
    await page.locator('summary', { hasText: 'Answered' }).first().click();
    await page.getByText(/^admitted by/).locator('visible=true').first().waitFor();
    await page.screenshot({ path: `${SHOTS}real-5-why.png`, fullPage: true });

    for (const screen of ['waiting', 'people', 'usage', 'assistants', 'health', 'settings']) {
      await go(page, `#/${screen}`);
      assert.deepEqual(await findings(page), [], screen);
      await page.screenshot({ path: `${SHOTS}real-6-${screen}.png`, fullPage: true });
      assert.equal(await page.locator('main .notice.bad').count(), 0, screen);
    }
    await go(page, '#/channels/family');
    await page.getByRole('button', { name: 'Reconnect' }).click();
    await page.getByText('connects again').waitFor();
    await page.locator('.session', { hasText: 'Connected' }).waitFor();
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByRole('dialog').getByRole('textbox').fill('0001');
    await page.keyboard.press('Enter');
    await page.getByText('was disconnected').waitFor();
    await page.locator('.session', { hasText: /Connected/ }).waitFor({ state: 'detached' });
    await page.screenshot({ path: `${SHOTS}real-7-disconnected.png`, fullPage: true });
    assert.deepEqual(page.faults, []);
    // The link worked once.
    const second = await fresh(launched);
    await second.goto(link);
    await second.getByRole('heading', { name: 'This link worked once' }).waitFor();
    await second.context().close();
  } catch (error) {
    await page.screenshot({ path: `${SHOTS}real-failed.png`, fullPage: true }).catch(() => {});
    throw new Error(`${error.stack}\n${page.faults.join('\n')}\n${server.log || ''}`);
  } finally {
    await page.context().close();
    await server.stop();
  }
});

test('an application embeds the card with a token of its own', { skip, timeout: 180_000 }, async () => {
  const app = { port: 20_000 + (process.pid % 20_000) };
  app.origin = `http://127.0.0.1:${app.port}`;
  const server = await Greenroom.start(channel(), `allowed_origins = ["${app.origin}"]\n`);
  const page = await fresh(launched);
  page.setDefaultTimeout(40_000);
  const codes = watchCodes(page);
  // The example names the usual address of a gateway; this one has another. A copy of it, because a page that the driver puts in
  // the place of the real one counts as a page of the internet, which may not ask this machine.
  const folder = join(await mkdtemp(join(tmpdir(), 'greenroom-widget-')), 'link-widget');
  await cp(fileURLToPath(new URL('../../examples/link-widget/', import.meta.url)), folder, { recursive: true });
  const index = join(folder, 'index.html');
  await writeFile(index, (await readFile(index, 'utf8')).replaceAll('http://127.0.0.1:8787', server.origin));
  app.child = spawn(process.execPath, ['server.mjs'], { cwd: folder, env: { PATH: process.env.PATH, PORT: String(app.port), AUTH_SECRET: server.environment().AUTH_SECRET }, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await new Promise((resolve) => app.child.stdout.once('data', resolve));
    await page.goto(app.origin);
    await page.getByRole('button', { name: 'Connect WhatsApp' }).click();
    await page.getByLabel('Phone number').fill('+1 555 123 4567');
    await page.getByRole('button', { name: 'Add' }).click();
    await page.locator('.entry').waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('I understand').click();
    await page.getByRole('button', { name: 'Generate QR code' }).click();
    await page.getByAltText(/QR code 1 of/).waitFor();
    await whatsapp.ask('scan', { number: BOT, qr: codes.code });
    await page.locator('#told', { hasText: 'linked: +15550000001' }).waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.screenshot({ path: `${SHOTS}real-widget.png` });
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByRole('dialog').getByRole('textbox').fill('0001');
    await page.keyboard.press('Enter');
    await page.locator('#told', { hasText: 'unlinked' }).waitFor();
    assert.deepEqual(page.faults, []);
  } catch (error) {
    await page.screenshot({ path: `${SHOTS}real-widget-failed.png`, fullPage: true }).catch(() => {});
    throw new Error(`${error.stack}\n${page.faults.join('\n')}\n${server.log || ''}`);
  } finally {
    app.child.kill('SIGKILL');
    await page.context().close();
    await server.stop();
    await rm(dirname(folder), { recursive: true, force: true });
  }
});
