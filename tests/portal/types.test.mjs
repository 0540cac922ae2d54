// The types that the comments of the modules name, checked by TypeScript. Nothing is built from it.

import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const LIT = `export { html, svg, nothing, noChange, render, LitElement, css } from 'lit';
export { repeat } from 'lit/directives/repeat.js';
export { live } from 'lit/directives/live.js';
export { keyed } from 'lit/directives/keyed.js';
`;

test('the types of the modules fit together', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'portal-types-'));
  try {
    await cp(here('../../runtime/gateway/portal'), folder, { recursive: true });
    // The vendored file has no types; the package that it was made from has.
    await rm(join(folder, 'lit.js'));
    await writeFile(join(folder, 'lit.d.ts'), LIT);
    await symlink(here('node_modules'), join(folder, 'node_modules'));
    const screens = readdirSync(join(folder, 'screens')).map((name) => join('screens', name));
    const options = ['--noEmit', '--allowJs', '--checkJs', '--target', 'es2023', '--module', 'esnext', '--moduleResolution', 'bundler', '--lib', 'es2023,dom,dom.iterable', '--skipLibCheck', '--useDefineForClassFields', 'false'];
    const ended = spawnSync(process.execPath, [here('node_modules/typescript/bin/tsc'), ...options, 'app.js', 'embed.js', ...screens], { cwd: folder, encoding: 'utf8' });
    assert.equal(ended.stdout, '');
    assert.equal(ended.status, 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
