// By hand: node shot.mjs HASH NAME [dark] [phone] [fresh] takes one screenshot into target/portal-screenshots.

import { Mock, busy, fresh as empty } from './mock.mjs';
import { SHOTS, browser, fresh, open } from './browser.mjs';

const [hash, name, ...words] = process.argv.slice(2);
const mock = await new Mock(words.includes('fresh') ? empty() : busy()).start();
const launched = await browser();
const page = await fresh(launched, { phone: words.includes('phone'), theme: words.includes('dark') ? 'dark' : 'light' });
await open(page, mock, hash).catch((error) => console.error(String(error).split('\n')[0]));
await page.waitForTimeout(400);
await page.screenshot({ path: `${SHOTS}${name}.png`, fullPage: true });
console.log(page.faults.join('\n') || 'no faults');
await launched.close();
await mock.stop();
