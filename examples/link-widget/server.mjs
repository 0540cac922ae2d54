// The application's own server: two static files, and a token for the user who is logged in. No packages.
//   AUTH_SECRET=… node server.mjs        then open http://127.0.0.1:3000
// In greenroom.toml: [gateway] allowed_origins = ["http://127.0.0.1:3000"], and the same AUTH_SECRET in its environment.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token that is good for five minutes: `sub` is your user, whose accounts are kept apart from those of others. */
export function token(user, secret = process.env.AUTH_SECRET) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: user, aud: 'greenroom', iat: now, exp: now + 300, scope: 'read control settings delete' };
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const FILES = { '/': ['index.html', 'text/html'], '/page.js': ['page.js', 'text/javascript'], '/page.css': ['page.css', 'text/css'] };

createServer(async (request, response) => {
  // A real application finds the user by its own log-in, and answers 401 without one.
  if (request.url === '/greenroom-token') return response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ token: token('user-42') }));
  const [file, kind] = FILES[request.url] || [];
  if (!file) return response.writeHead(404).end();
  response.writeHead(200, { 'Content-Type': kind }).end(await readFile(new URL(file, import.meta.url)));
}).listen(Number(process.env.PORT || 3000), '127.0.0.1', () => console.log('http://127.0.0.1:3000'));
