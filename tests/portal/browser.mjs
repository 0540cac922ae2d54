// The browser of the tests: Debian's Chromium, driven by playwright-core.

import { chromium } from 'playwright-core';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const PROGRAMS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];
export const program = PROGRAMS.find((path) => path && existsSync(path));
export const SHOTS = fileURLToPath(new URL('../../target/portal-screenshots/', import.meta.url));
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export const DESKTOP = { width: 1280, height: 860 };
export const PHONE = { width: 390, height: 844 };

/** A browser, or none with the reason. */
export async function browser() {
  if (!program) throw new Error('there is no Chromium; on Debian: sudo apt-get install -y chromium');
  await mkdir(SHOTS, { recursive: true });
  return chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'] });
}

/** A page of its own in a fresh profile. What the page logs as an error, and what its policy forbids, is kept in `page.faults`. */
export async function fresh(launched, options = {}) {
  const { phone, theme = 'light', ...more } = options;
  const context = await launched.newContext({ viewport: phone ? PHONE : DESKTOP, hasTouch: !!phone, isMobile: !!phone, colorScheme: theme, reducedMotion: 'reduce', locale: 'en-GB', timezoneId: 'UTC', bypassCSP: false, ...more });
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(String(error)));
  page.on('console', (message) => {
    // A refused request is told by the browser itself; the page shows it as words.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) page.faults.push(message.text());
  });
  return page;
}

/** Logs in and opens a screen. */
export async function open(page, mock, hash = '#/channels') {
  mock.codes.add('ONCE');
  await page.goto(`${mock.origin}/portal/#login=ONCE`);
  await page.waitForSelector('greenroom-app .frame');
  await go(page, hash);
}

/** Goes to another screen and waits until it shows something. */
export async function go(page, hash) {
  await page.evaluate((to) => { location.hash = to; }, hash);
  await page.waitForFunction((to) => location.hash === to && document.querySelector('main h1') && !document.querySelector('main .skeleton'), hash);
  await page.waitForTimeout(150);
}

/** The serious findings of axe, as lines. */
export async function findings(page) {
  const source = await (await import('node:fs/promises')).readFile(axe, 'utf8');
  await page.evaluate(source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} (${node.any[0]?.message || node.all[0]?.message || node.none[0]?.message || ''})`));
}

/** Whether the page is wider than its window. */
export const sideways = (page) => page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - innerWidth);
