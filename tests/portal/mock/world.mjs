// What the mock server knows: a small world that tests change as they like.

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

export const WARNING = [
  'Linking makes this machine a device of your WhatsApp account, like WhatsApp in a browser.',
  'What is synchronized: new messages of all chats, their senders\' numbers and names.',
  'WhatsApp does not allow automation with personal accounts. It may suspend or ban the account at any time.',
].join('\n\n');

/** A session with defaults. */
export function session(id, more = {}) {
  const now = Date.now();
  return {
    session: id, channel: 'family', adapter: 'whatsapp-web', owner: 'local', label: null, status: 'connected', code: 'connected', reason: null, next: null,
    since_ms: now - 3 * HOUR, until_ms: null, created_at_ms: now - 20 * DAY, linked_at_ms: now - 20 * DAY, last_frame_ms: now - 12_000, last_inbound_ms: now - 4 * MINUTE,
    last_acknowledged_ms: now - 4 * MINUTE, phone_seen_ms: now - HOUR, phone_absent_max_ms: 14 * DAY, outbox_waiting: 0, connections: 3, unreadable: 0, ...more,
  };
}

export function channels() {
  return [
    { channel: 'family', adapter: 'whatsapp-web', kind: 'linked', can_link: true, warning: WARNING, licence: 'This program contains WhatsApp Web and is under AGPL-3.0 as a whole: who uses it over a network can ask for its source.', sessions: 0, sessions_max: 5, allowed: 0, methods: ['qr', 'code'] },
    { channel: 'shop', adapter: 'whatsapp-cloud', kind: 'business', can_link: false, webhook_url: 'https://bot.example.com/api/channels/shop', sessions: 0, sessions_max: 5, allowed: 0, methods: [] },
    { channel: 'console', adapter: 'console', kind: 'local', can_link: false, sessions: 0, sessions_max: 5, allowed: 1, methods: [] },
  ];
}

/** Nothing is linked and the lists are empty. */
export function fresh() {
  return {
    me: { owner: 'local', scopes: ['read', 'text', 'send', 'control', 'settings', 'delete', 'admin'], csrf: 'csrf-of-this-log-in', expires_ms: Date.now() + 12 * HOUR, version: '0.9.0' },
    channels: channels(), sessions: [], allow: new Map([['/channels/family', []], ['/channels/shop', []], ['/channels/console', []]]),
    link: new Map(), conversations: [], people: { items: [], more: false }, turns: new Map(), why: [], refused: [], refusals: [], places: [], quarantine: [], wakes: [], outbox: [], assistants: [], models: [], tools: [], plugins: [],
    actors: { name: 'runtime', kind: 'supervisor', state: 'running', mailbox: 0, restarts: 0, since_ms: Date.now() - DAY, children: [] },
    health: { ok: true, details: { version: '0.9.0', started_at_ms: Date.now() - DAY, problems: [], warnings: [], inbox_waiting: 0, quarantined: 0, outbox_waiting: 0, outbox_held: 0, conversations_active: 0, restarts: 0, accounts: [], rejections: [] } },
    usage: () => ({ from: '2026-10-30', to: '2026-11-28', by: 'day', currency: 'USD', sums: [], left_out: 0, total: { turns: 0, tokens_in: 0, tokens_cached: 0, tokens_out: 0, cost_millionths: 0 }, billed: [], billed_total: 0 }),
  };
}

const entry = (number, origin = 'added in the portal', removable = true) => ({ entry: number, origin, removable });

/** Steps as `[code, words, more]`. */
function trace(message, session, state, steps, parcels = [], more = {}) {
  const at = Date.now() - 3 * MINUTE;
  return { message, session, chat: '+15551234567', conversation: 12, state, steps: steps.map(([code, what, also], n) => ({ at_ms: at + n * 240, code, what, ...also })), parcels, ...more };
}

/** A day in the life of a small shop. */
export function busy() {
  const world = fresh(), now = Date.now();
  world.channels[0].sessions = 4;
  world.sessions = [
    session('acc-1', { label: '+15550000001', answered_today: 24, refused_today: 3 }),
    session('acc-2', { label: '+447700900123', status: 'logged out', code: 'logged_out', reason: 'the device was removed on the phone', since_ms: now - 40 * MINUTE, answered_today: 2, refused_today: 0, next: { action: 'link_again', channel: 'family', account: 'acc-2', sentence: 'link it again' } }),
    session('acc-3', { label: null, linked_at_ms: null, status: 'awaiting scan', code: 'awaiting_scan', since_ms: now - 20_000, until_ms: now + 41_000, created_at_ms: now - 60_000, phone_seen_ms: null, last_frame_ms: null, next: { action: 'scan_code', sentence: 'scan the code that is shown' } }),
    session('acc-4', { label: null, linked_at_ms: null, status: 'not linked', code: 'not_linked', reason: 'linking was cancelled', since_ms: now - 3 * DAY, created_at_ms: now - 3 * DAY, phone_seen_ms: null, last_frame_ms: null }),
    session('cloud-1', { channel: 'shop', adapter: 'whatsapp-cloud', label: '+15550100200', answered_today: 131, refused_today: 12, outbox_waiting: 2, phone_seen_ms: null }),
    session('console', { channel: 'console', adapter: 'console', label: 'You', status: 'connected', answered_today: 0, phone_seen_ms: null }),
  ];
  world.channels[1].sessions = 1;
  world.channels[2].sessions = 1;
  world.allow = new Map([
    ['/channels/family', [entry('+15551234567', 'the configuration', false), entry('+491701234567'), { ...entry('+447700900999'), warning: 'no network of the United Kingdom gives out this number, as far as is known' }, entry('group:120363041234567890@g.us')]],
    ['/channels/shop', [entry('+15557654321'), entry('+34600123456')]],
    ['/channels/console', [entry('you', 'the configuration', false)]],
  ]);
  const chat = (conversation, more) => ({ conversation, session: 'acc-1', channel: 'family', chat: '+15551234567', person: '+15551234567', name: 'Ana Pereira', group: false, last_activity_ms: now - 4 * MINUTE, waiting: 0, assistant: 'helper', ...more });
  world.conversations = [
    chat(12, {}), chat(15, { name: 'Family', person: undefined, group: true, chat: '120363041234567890@g.us', last_activity_ms: now - 50 * MINUTE, waiting: 1 }),
    chat(18, { session: 'cloud-1', channel: 'shop', name: 'Łukasz Żak', chat: '+48501234567', person: '+48501234567', last_activity_ms: now - 2 * HOUR, window_until_ms: now + 3 * HOUR, assistant: 'shop' }),
    chat(21, { name: undefined, person: '+491701234567', chat: '9912345@lid', last_activity_ms: now - 26 * HOUR, paused_until_ms: now + 5 * HOUR, paused_by: undefined }),
  ];
  world.turns.set('12', [
    { at_ms: now - 9 * MINUTE, from: 'person', name: 'Ana Pereira', text: 'Are we still on for Saturday?', kind: 'text' },
    { at_ms: now - 9 * MINUTE + 4_000, from: 'bot', text: 'Yes: Saturday at ten, at the harbour. Shall I remind you the evening before?', kind: 'text' },
    { at_ms: now - 5 * MINUTE, from: 'person', name: 'Ana Pereira', text: 'Please!', kind: 'text' },
    { at_ms: now - 4 * MINUTE, from: 'bot', text: 'I will write on Friday at six.', kind: 'text' },
    { at_ms: now - 2 * MINUTE, from: 'owner', text: 'And bring the blue bag.', kind: 'text' },
    { at_ms: now - MINUTE, from: 'person', name: 'Ana Pereira', kind: 'voice note', text: null },
  ]);
  world.people = { items: [
    { person: 7, channel: 'family', name: 'Ana Pereira', addresses: ['+15551234567', 'lid:8812'], email: 'ana@example.com', last_activity_ms: now - 4 * MINUTE, conversations: [12] },
    { person: 9, channel: 'shop', name: 'Łukasz Żak', addresses: ['+48501234567'], last_activity_ms: now - 2 * HOUR, conversations: [18, 21] },
    { person: 11, channel: 'family', addresses: ['@ben'], last_activity_ms: now - 26 * HOUR, conversations: [] },
  ], more: true };
  const sent = [{ id: 'p-81', state: 'delivered', steps: [{ at_ms: now - 175_000, code: 'queued', what: 'queued' }, { at_ms: now - 174_000, code: 'sent', what: 'sent as 3EB0A1' }, { at_ms: now - 172_000, code: 'status', cause: 'delivered', what: 'network says delivered' }] }];
  world.why = [
    trace('3EB0C7F2A1', 'acc-1', 'answered', [['admitted', 'admitted by +15551234567, from the configuration'], ['asked', 'asked helper, attempt 1'], ['spent', 'cost 1200 tokens read and 30 written at large, which is 0.00123 by the prices configured then'], ['answered', 'answered in 1830 ms with 1 message(s)']], sent),
    trace('3EB0D21B09', 'acc-1', 'refused', [['ignored', 'not answered: the sender is not on the allow-list (known as +15559990000, lid:8812)', { cause: 'stranger', known_as: ['+15559990000', 'lid:8812'] }]], [], { conversation: 0, chat: '+15559990000' }),
    trace('wamid.HBgL', 'cloud-1', 'failed', [['admitted', 'admitted by +15557654321'], ['asked', 'asked shop, attempt 1'], ['failed', 'the assistant failed: no answer in 30 s'], ['away', 'shop is away and is asked once more later: no answer in 30 s']], [], { conversation: 18 }),
  ];
  world.refused = [
    { cause: 'signature', what: '3 posts had a wrong signature', channel: 'shop', count: 3, first_ms: now - 5 * HOUR, last_ms: now - HOUR },
    { cause: 'stranger', what: 'the sender is not on the allow-list', channel: 'family', count: 9, first_ms: now - 20 * HOUR, last_ms: now - 12 * MINUTE },
  ];
  world.refusals = [
    { day: '2026-11-28', channel: 'family', session: 'acc-1', cause: 'stranger', what: 'not on the allow-list', count: 12 },
    { day: '2026-11-28', channel: 'shop', session: 'cloud-1', cause: 'not_addressed', what: 'group talk that does not address the bot', count: 3 },
  ];
  world.places = [
    { channel: 'family', session: 'acc-1', admitted: true, known_as: ['+15551234567'], rules: [{ rule: '+15551234567', key: 'channels.family.allow_from' }] },
    { channel: 'shop', session: 'cloud-1', admitted: false, cause: 'stranger', reason: 'the sender is not on the allow-list (known as +15551234567)', known_as: ['+15551234567'], rules: [], nearest: { entry: '+15551234568', why: 'it differs in one place' } },
  ];
  world.why[1].way = [
    { stage: 'identity', at_ms: world.why[1].steps[0].at_ms, what: 'written by +15559990000, lid:8812' },
    { stage: 'admission', at_ms: world.why[1].steps[0].at_ms, what: 'ended here: the sender is not on the allow-list' },
    { stage: 'assistant', what: 'not reached' },
  ];
  world.quarantine = [{ sequence: 4711, message: '3EB0FF01', session: 'acc-1', chat: '+15551234567', reason: 'the assistant crashed three times on it', at_ms: now - 2 * HOUR }];
  world.outbox = [
    { id: 'p-90', session: 'cloud-1', chat: '+15557654321', kind: 'answer', state: 'held', reason: 'the 24-hour window is closed and no template is configured', attempts: 1, made_at_ms: now - 30 * MINUTE },
    { id: 'p-91', session: 'cloud-1', chat: '+34600123456', kind: 'answer', state: 'waiting', reason: 'the network asked for a pause', until_ms: now + 40_000, attempts: 2, made_at_ms: now - 2 * MINUTE },
  ];
  world.wakes = [{ number: 3, at_ms: now + 6 * HOUR, assistant: 'helper', token: 'remind Ana of Saturday', session: 'acc-1', chat: '+15551234567' }];
  world.assistants = [
    { name: 'helper', kind: 'llm', purpose: 'Answers family and friends', sees: ['text', 'pictures', 'history'], uses: ['large', 'calendar'], state: 'ready' },
    { name: 'shop', kind: 'http', purpose: 'Orders and opening hours', sees: ['text'], uses: ['orders.example.com'], state: 'away', reason: 'it did not answer in 30 s' },
  ];
  world.models = [{ name: 'large', kind: 'openai', purpose: 'Conversations', state: 'ready' }];
  world.tools = [{ name: 'calendar', kind: 'mcp', purpose: 'Reads and writes one calendar', state: 'ready' }];
  world.plugins = [{ name: 'tide', kind: 'wasm', purpose: 'Tells the tides of a harbour', sees: ['text'], state: 'ready' }];
  const actor = (name, kind, more = {}) => ({ name, kind, state: 'running', mailbox: 0, restarts: 0, since_ms: now - DAY, children: [], ...more });
  world.actors = actor('runtime', 'supervisor', { children: [
    actor('links', 'supervisor', { children: [actor('acc-1', 'link', { mailbox: 2 }), actor('acc-2', 'link', { state: 'stopped' }), actor('cloud-1', 'link', { restarts: 1, since_ms: now - HOUR })] }),
    actor('conversations', 'supervisor', { children: [actor('conversation 12', 'conversation'), actor('conversation 18', 'conversation', { mailbox: 1 })] }),
    actor('outbox', 'service', { mailbox: 2 }), actor('store', 'service'),
  ] });
  Object.assign(world.health.details, {
    problems: [{ what: '+447700900123 was logged out on the phone', account: 'acc-2', next: { action: 'link_again', channel: 'family', account: 'acc-2', sentence: 'link it again' } }],
    warnings: [{ what: '1 message is in quarantine', next: { action: 'review_quarantine', sentence: 'look at the messages in quarantine, and release them once their cause is fixed' } }],
    inbox_waiting: 1, quarantined: 1, outbox_waiting: 2, outbox_held: 1, conversations_active: 2, restarts: 1,
    rejections: [world.refused[0]],
  });
  world.usage = (by) => ({
    from: '2026-11-22', to: '2026-11-28', by, currency: 'USD', left_out: 0,
    sums: by === 'day'
      ? [31, 18, 44, 52, 27, 61, 38].map((turns, n) => ({ of: `2026-11-${22 + n}`, turns, tokens_in: turns * 900, tokens_cached: turns * 300, tokens_out: turns * 120, cost_millionths: turns * 2_300 }))
      : [{ of: by === 'person' ? '7' : 'large', name: by === 'person' ? 'Ana Pereira' : undefined, turns: 271, tokens_in: 243_900, tokens_cached: 81_300, tokens_out: 32_520, cost_millionths: 623_300 }],
    total: { turns: 271, tokens_in: 243_900, tokens_cached: 81_300, tokens_out: 32_520, cost_millionths: 623_300 },
    billed: [{ day: by === 'day' ? '2026-11-28' : undefined, account: 'cloud-1', category: 'service', messages: 131 }], billed_total: 131,
  });
  return world;
}
