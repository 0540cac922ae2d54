// The routes: method, pattern of the path, and what is answered. Nothing (undefined) is answered with 204.

import { Refusal } from '../mock.mjs';
import { session } from './world.mjs';

const missing = () => new Refusal(404, 'not-found', 'there is no such thing');

/** A body with these keys and no others. */
function only(body, keys, required = []) {
  for (const key of Object.keys(body || {})) if (!keys.includes(key)) throw new Refusal(422, 'bad-body', `unknown field ${key}`);
  for (const key of required) if (body?.[key] === undefined) throw new Refusal(422, 'bad-body', `${key} is missing`);
}

const one = (mock, id) => mock.world.sessions.find((row) => row.session === id) || (() => { throw missing(); })();

function listOf(mock, kind, name) {
  const key = `/${kind}/${name}`;
  // Lists of channels are of the one who runs the server.
  if (kind === 'channels' && mock.world.me.owner !== 'local' && !mock.world.me.scopes.includes('admin')) throw missing();
  if (!mock.world.allow.has(key)) {
    if (kind === 'channels' || !mock.world.sessions.some((row) => row.session === name)) throw missing();
    mock.world.allow.set(key, []);
  }
  return mock.world.allow.get(key);
}

const recount = (mock) => {
  for (const channel of mock.world.channels) {
    channel.allowed = mock.world.me.owner !== 'local' ? 0 : (mock.world.allow.get(`/channels/${channel.channel}`) || []).length;
    channel.sessions = mock.world.sessions.filter((row) => row.channel === channel.channel).length;
  }
};

function addEntry(mock, [kind, name, entry]) {
  const list = listOf(mock, kind, name);
  if (entry === '+15551') throw new Refusal(422, 'near-miss', 'this number is too short for its country; did you mean +1 555 123 4567?');
  const row = { entry, origin: 'added in the portal', removable: true };
  if (!list.some((row) => row.entry === entry)) list.push(row);
  recount(mock);
  return row;
}

function removeEntry(mock, [kind, name, entry]) {
  const list = listOf(mock, kind, name);
  const at = list.findIndex((row) => row.entry === entry);
  if (at < 0) throw missing();
  if (list.length === 1 && mock.world.sessions.some((row) => row.channel === name && row.code === 'connected')) {
    throw new Refusal(409, 'last-number', 'the last number cannot be removed while an account is linked', { next: { action: 'disconnect', account: 'acc-1', sentence: 'disconnect the account first' } });
  }
  list.splice(at, 1);
  recount(mock);
}

function begin(mock, _, body) {
  only(body, ['channel', 'session', 'phone', 'allow', 'accept_risk'], ['channel', 'accept_risk']);
  const channel = mock.world.channels.find(({ channel }) => channel === body.channel);
  if (!channel) throw missing();
  if (channel.warning && !body.accept_risk) throw new Refusal(428, 'warning-not-accepted', 'the warning was not accepted', { warning: channel.warning });
  recount(mock);
  if (body.allow) for (const entry of body.allow) if (!/^\+\d{7,15}$/.test(entry)) throw new Refusal(422, 'bad-entry', 'this is not an entry');
  if (!channel.allowed && !body.allow?.length) throw new Refusal(409, 'allow-list-empty', 'the allow-list is empty; add a person before linking');
  let row = body.session ? one(mock, body.session) : null;
  if (!row) {
    if (channel.sessions_max && channel.sessions >= channel.sessions_max) throw new Refusal(409, 'maximum-sessions-reached', 'maximum sessions reached', { count: channel.sessions, limit: channel.sessions_max });
    row = session(`acc-${mock.world.sessions.length + 11}`, { channel: channel.channel, label: null, linked_at_ms: null, last_frame_ms: null, phone_seen_ms: null });
    mock.world.sessions.push(row);
    recount(mock);
  }
  if (body.allow) mock.world.allow.set(`/sessions/${row.session}`, body.allow.map((entry) => ({ entry, origin: 'added by portal', removable: true })));
  codes(mock, row, body.phone);
  return { status: 201, body: { session: row.session } };
}

function codes(mock, row, phone) {
  Object.assign(row, { code: phone ? 'code_shown' : 'awaiting_scan', status: 'linking', since_ms: Date.now(), until_ms: Date.now() + 20_000 });
  if (phone) mock.step(row.session, { step: 'show', form: 'text', code: 'K7QM-2XWD', guidance: 'Type it on the phone.', valid_until_ms: Date.now() + 160_000, number: 1, of: 1 });
  else mock.showQr(row.session, 1);
}

function removeSession(mock, [id], _, query) {
  const linked = !!one(mock, id).linked_at_ms && one(mock, id).code !== 'logged_out';
  if (query.get('only') === (linked ? 'unlinked' : 'linked')) throw new Refusal(409, linked ? 'already-linked' : 'not-linked', 'the session is in another state');
  mock.world.sessions = mock.world.sessions.filter((row) => row.session !== id);
  mock.tell('state', { session: id });
}

function conversation(mock, n) {
  return mock.world.conversations.find((row) => String(row.conversation) === n) || (() => { throw missing(); })();
}

function send(mock, [n], body, _, request) {
  only(body, ['text'], ['text']);
  if (!request.headers['idempotency-key']) throw new Refusal(422, 'bad-body', 'the header Idempotency-Key is missing');
  if (/password/.test(body.text)) throw new Refusal(422, 'egress-refused', 'the message looks like a secret, and the guard holds it back');
  const key = String(conversation(mock, n).conversation);
  mock.world.turns.set(key, [...(mock.world.turns.get(key) || []), { at_ms: Date.now(), from: 'owner', text: body.text, kind: 'text' }]);
  return { status: 202, body: { id: 'p-101' } };
}

/** How a channel is set up: secrets go in and never out. */
function settingsOf(mock, name) {
  const channel = mock.world.channels.find((row) => row.channel === name);
  const adapter = channel ? channel.adapter : name === 'whatsapp' ? 'whatsapp-cloud' : '';
  if (adapter !== 'whatsapp-cloud' || mock.world.no_settings) throw missing();
  const kept = (mock.world.settings ||= {})[name] || {};
  const fields = ['phone_number_id', 'access_token', 'app_secret', 'verify_token'].map((key) => {
    const secret = key !== 'phone_number_id', set = !!kept[key] || (!!channel && name === 'shop');
    return { key, about: 'What it is.', secret, set, ...(secret || !set ? {} : { value: kept[key]?.text || '106540352242922' }), ...(set ? { origin: kept[key] ? 'saved' : 'configuration' } : {}), ...(kept[key] ? { changed_ms: kept[key].at } : {}) };
  });
  return { channel: name, adapter, configured: !!channel, fields, webhook_url: `https://bot.example.com/api/channels/${name}` };
}

function lookedAt(mock, [name], body) {
  only(body, ['values', 'assistant'], ['values']);
  settingsOf(mock, name);
  const wrong = Object.entries(body.values).filter(([, text]) => /refuse/i.test(text)).map(([key]) => ({ key, what: 'the server knows that this is wrong' }));
  if (wrong.length) throw new Refusal(422, 'bad-settings', 'a value is wrong', { fields: wrong });
}

function saveSettings(mock, [name], body) {
  lookedAt(mock, [name], body);
  const kept = ((mock.world.settings ||= {})[name] ||= {});
  for (const [key, text] of Object.entries(body.values)) kept[key] = { text, at: Date.now() };
  if (!mock.world.channels.some((row) => row.channel === name)) {
    mock.world.channels.push({ channel: name, adapter: 'whatsapp-cloud', kind: 'business', can_link: false, sessions: 0, sessions_max: 5, allowed: 0, methods: [] });
    mock.world.allow.set(`/channels/${name}`, []);
  }
  return settingsOf(mock, name);
}

function checkSettings(mock, [name], body) {
  lookedAt(mock, [name], body);
  return [
    { what: 'access token', verdict: 'good', found: 'valid, and it never expires' },
    { what: 'groups', verdict: 'warning', found: 'this is not an Official Business Account', next: 'groups need one; direct chats do not' },
    { what: 'app secret', verdict: 'bad', found: 'Graph does not accept it', next: 'copy it from App settings, Basic' },
    { what: 'callback from outside', verdict: 'skipped', found: 'the public address is not known' },
  ];
}

const page = (items) => ({ items });
const world = (name) => (mock) => mock.world[name];

export const routes = [
  ['GET', /^\/me$/, world('me')],
  ['POST', /^\/logout$/, () => undefined],
  ['POST', /^\/portal-links$/, (mock) => { mock.codes.add('NEXT'); return { status: 201, body: { url: `${mock.origin}/portal/#login=NEXT`, expires_ms: Date.now() + 600_000 } }; }],
  ['GET', /^\/channels$/, (mock) => { recount(mock); return mock.world.channels; }],
  ['GET', /^\/sessions$/, world('sessions')],
  ['POST', /^\/sessions$/, begin],
  ['POST', /^\/sessions\/clean$/, (mock) => {
    const forgotten = mock.world.sessions.filter((row) => !row.linked_at_ms).map((row) => row.session);
    mock.world.sessions = mock.world.sessions.filter((row) => row.linked_at_ms);
    return { forgotten };
  }],
  ['GET', /^\/sessions\/([^/]+)$/, (mock, [id]) => one(mock, id)],
  ['DELETE', /^\/sessions\/([^/]+)$/, removeSession],
  ['POST', /^\/sessions\/([^/]+)\/reconnect$/, (mock, [id]) => { Object.assign(one(mock, id), { code: 'connected', since_ms: Date.now() }); }],
  ['GET', /^\/sessions\/([^/]+)\/link$/, (mock, [id], _, query) => { one(mock, id); return mock.progress(id, query.has('after') ? Number(query.get('after')) : -1); }],
  ['POST', /^\/sessions\/([^/]+)\/link$/, (mock, [id], body) => { only(body, ['phone']); codes(mock, one(mock, id), body.phone); return {}; }],
  ['DELETE', /^\/sessions\/([^/]+)\/link$/, (mock, [id]) => { Object.assign(one(mock, id), { code: 'not_linked' }); mock.step(id, { step: 'failed', failure: { kind: 'cancelled' }, reason: 'it was cancelled', next: 'link it' }, false); }],
  ['POST', /^\/sessions\/([^/]+)\/link\/answers$/, (mock, [id], body) => { only(body, ['answers'], ['answers']); one(mock, id); return {}; }],
  ['GET', /^\/sessions\/([^/]+)\/qr$/, (mock, [id], _, query) => { one(mock, id); if (query.get('format') !== 'json') throw new Refusal(400, 'bad-format', 'only json here'); return mock.qr(id); }],
  ['GET', /^\/allow$/, (mock) => [...mock.world.allow].flatMap(([key, rows]) => rows.map((row) => ({ [key.startsWith('/channels/') ? 'channel' : 'session']: key.split('/')[2], ...row })))],
  ['GET', /^\/(channels|sessions)\/([^/]+)\/allow$/, (mock, [kind, name]) => listOf(mock, kind, name)],
  ['PUT', /^\/(channels|sessions)\/([^/]+)\/allow\/([^/]+)$/, addEntry],
  ['DELETE', /^\/(channels|sessions)\/([^/]+)\/allow\/([^/]+)$/, removeEntry],
  ['GET', /^\/channels\/([^/]+)\/settings$/, (mock, [name]) => settingsOf(mock, name)],
  ['PUT', /^\/channels\/([^/]+)\/settings$/, saveSettings],
  ['POST', /^\/channels\/([^/]+)\/settings\/check$/, checkSettings],
  ['GET', /^\/conversations$/, (mock, _, __, query) => page(mock.world.conversations.slice(0, Number(query.get('limit') || 50)))],
  ['GET', /^\/conversations\/(\d+)$/, (mock, [n]) => conversation(mock, n)],
  ['GET', /^\/conversations\/(\d+)\/turns$/, (mock, [n]) => {
    conversation(mock, n);
    if (!mock.world.me.scopes.includes('text')) throw new Refusal(403, 'missing-scope', 'the scope text is missing');
    return page(mock.world.turns.get(n) || []);
  }],
  ['POST', /^\/conversations\/(\d+)\/pause$/, (mock, [n], body) => { only(body, ['until_ms']); Object.assign(conversation(mock, n), { paused_until_ms: body.until_ms, paused_by: body.until_ms ? undefined : 'owner' }); }],
  ['POST', /^\/conversations\/(\d+)\/resume$/, (mock, [n]) => { Object.assign(conversation(mock, n), { paused_until_ms: undefined, paused_by: undefined }); }],
  ['DELETE', /^\/conversations\/(\d+)$/, (mock, [n]) => { conversation(mock, n); mock.world.conversations = mock.world.conversations.filter((row) => String(row.conversation) !== n); }],
  ['POST', /^\/conversations\/(\d+)\/messages$/, send],
  ['GET', /^\/why$/, (mock, _, __, query) => mock.world.why.filter((row) => !query.get('state') || row.state === query.get('state'))],
  ['GET', /^\/why\/([^/]+)$/, (mock, [id]) => mock.world.why.filter((row) => row.message === id)],
  ['GET', /^\/refused$/, world('refused')],
  ['GET', /^\/refusals$/, world('refusals')],
  ['GET', /^\/access\/explain$/, (mock, _, __, query) => ({ who: query.get('who'), places: mock.world.places })],
  ['GET', /^\/quarantine$/, world('quarantine')],
  ['POST', /^\/quarantine\/(\d+)\/release$/, (mock, [n]) => { mock.world.quarantine = mock.world.quarantine.filter((row) => String(row.sequence) !== n); }],
  ['GET', /^\/wakes$/, world('wakes')],
  ['DELETE', /^\/wakes\/(\d+)$/, (mock, [n]) => { mock.world.wakes = mock.world.wakes.filter((row) => String(row.number) !== n); }],
  ['GET', /^\/outbox$/, world('outbox')],
  ['POST', /^\/outbox\/release$/, (mock) => { const released = mock.world.outbox.filter((row) => row.state === 'held').length; mock.world.outbox = []; return { released }; }],
  ['POST', /^\/outbox\/([^/]+)\/(?:release|drop)$/, (mock, [id]) => { mock.world.outbox = mock.world.outbox.filter((row) => row.id !== id); }],
  ['GET', /^\/usage$/, (mock, _, __, query) => mock.world.usage(query.get('by') || 'day')],
  ['GET', /^\/people$/, world('people')],
  ['GET', /^\/assistants$/, world('assistants')],
  ['GET', /^\/models$/, world('models')],
  ['GET', /^\/tools$/, world('tools')],
  ['GET', /^\/plugins$/, world('plugins')],
  ['GET', /^\/actors$/, world('actors')],
  ['GET', /^\/health$/, world('health')],
  ['POST', /^\/reload$/, () => ({ changes: ['the assistant helper asks another model'], after_restart: [], warnings: [] })],
];
