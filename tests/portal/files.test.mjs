// What the files of the portal may contain. No browser is needed.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const FOLDER = fileURLToPath(new URL('../../runtime/gateway/portal/', import.meta.url));
/** Of lit.js as it was made; its head says how. */
const LIT = 'a75bd7a6c70a1d0c89b89f5dfbdda5c20e208e23c7934ec6790197466c08d89f';
const LINES_MAX = 450;

async function files(folder = FOLDER) {
  const entries = await readdir(folder, { withFileTypes: true });
  const nested = await Promise.all(entries.map((entry) => (entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)])));
  return nested.flat();
}

const all = await Promise.all((await files()).map(async (path) => ({ name: relative(FOLDER, path), text: await readFile(path, 'utf8') })));
const own = all.filter(({ name }) => name.endsWith('.js') && name !== 'lit.js');

function none(pattern, why, among = own) {
  const found = among.flatMap(({ name, text }) => text.split('\n').flatMap((line, at) => (pattern.test(line) ? [`${name}:${at + 1}: ${line.trim().slice(0, 120)}`] : [])));
  assert.deepEqual(found, [], why);
}

test('lit.js is the file that was made from the package', () => {
  const lit = all.find(({ name }) => name === 'lit.js');
  assert.equal(createHash('sha256').update(lit.text).digest('hex'), LIT);
  assert.ok(all.some(({ name, text }) => name === 'lit.LICENSE.txt' && text.includes('BSD 3-Clause')));
});

test('what people wrote can only become text', () => {
  none(/unsafeHTML|unsafeSVG|unsafeCSS|innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTMLUnsafe|createContextualFragment|parseFromString|DOMParser/, 'texts go into text nodes');
  none(/\beval\(|new Function|setTimeout\(\s*['"`]|javascript:/, 'no text becomes a program');
  none(/\.src ?=|srcdoc/, 'images are set in templates');
});

test('the strict policy is enough', () => {
  none(/\sstyle=|\.cssText|setAttribute\(\s*['"]style/, 'no inline style');
  none(/\son[a-z]+="/, 'no inline handler', all.filter(({ name }) => /\.(js|html)$/.test(name) && name !== 'lit.js'));
  const page = all.find(({ name }) => name === 'index.html').text;
  assert.doesNotMatch(page, /<style|<script(?![^>]*src=)/);
});

test('nothing is fetched from elsewhere', () => {
  none(/(?:src|href|import|url|fetch)[\s(=]*["'(]https?:/, 'no CDN', all.filter(({ name }) => name !== 'lit.js' && !name.endsWith('.txt')).map(({ name, text }) => ({
    // Links that a person may follow.
    name, text: text.replaceAll(/https:\/\/(wa\.me|GATEWAY)/g, ''),
  })));
});

test('each file is of a size that can be read', () => {
  const long = own.concat(all.filter(({ name }) => name.endsWith('.css'))).filter(({ text }) => text.split('\n').length > LINES_MAX);
  assert.deepEqual(long.map(({ name }) => name), []);
});

test('messages speak plain English', () => {
  // The phrases that the Rust code is spared too: tests/house/words.rs.
  none(/\b(nobody|somebody|goes on|at once|anew|meanwhile|for ever)\b/i, 'plain words', own.map(({ name, text }) => ({ name, text: text.replaceAll(/^\s*(\/\/|\*|\/\*\*).*$/gm, '') })));
});

test('all files together are small', () => {
  const bytes = all.reduce((sum, { text }) => sum + gzipSync(text).length, 0);
  assert.ok(bytes < 100 * 1024, `${bytes} bytes of gzip`);
});

test('the page fetches all that it needs in one go', () => {
  const text = (name) => all.find((file) => file.name === name).text;
  const needed = new Set();
  const walk = (name) => {
    if (needed.has(name)) return;
    needed.add(name);
    for (const [, to] of text(name).matchAll(/^import (?:[^'\n]*? from )?'(\.[^']+)'/gm)) walk(join(dirname(name), to));
  };
  walk('app.js');
  const preloaded = [...text('index.html').matchAll(/rel="modulepreload" href="([^"]+)"/g)].map(([, name]) => name);
  assert.deepEqual([...preloaded, 'app.js'].sort(), [...needed].sort());
});
