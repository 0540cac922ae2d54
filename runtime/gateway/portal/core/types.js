// What the API says, for editors and `tsc --checkJs`. Nothing here runs. Times are milliseconds since 1970.

/** @typedef {{action: string, sentence: string, channel?: string, account?: string, session?: string, entry?: string, key?: string, value?: string, until_ms?: number, conversation?: number, limit_key?: string, guidance?: string}} Next */
/** @typedef {{type?: string, title: string, status: number, detail: string, code: string, next?: Next, warning?: string, count?: number, limit?: number, fields?: {key: string, what: string}[], request?: string}} ProblemBody */
/** @typedef {{owner: string, scopes: string[], csrf: string, expires_ms: number, version: string}} Me */
/** @typedef {{channel: string, adapter: string, kind: 'linked'|'business'|'local', can_link: boolean, warning?: string, licence?: string, webhook_url?: string, sessions: number, sessions_max?: number, allowed: number, methods: string[]}} Channel */
/** @typedef {{session: string, channel: string, adapter: string, owner: string, label?: string, status: string, code: string, reason?: string, next?: Next, since_ms: number, until_ms?: number, created_at_ms: number, linked_at_ms?: number, last_frame_ms?: number, last_inbound_ms?: number, last_acknowledged_ms?: number, phone_seen_ms?: number, phone_absent_max_ms?: number, outbox_waiting: number, connections: number, unreadable?: number, answered_today?: number, refused_today?: number}} Session */
/** @typedef {{step: 'show', form: 'qr'|'text', code: string, guidance: string, valid_until_ms: number, number: number, of: number}} ShowStep */
/** @typedef {ShowStep | {step: 'ask', guidance: string, fields: {name: string, label: string, secret: boolean}[], valid_until_ms?: number} | {step: 'open', address: string, guidance: string, valid_until_ms?: number} | {step: 'wait', guidance: string, valid_until_ms?: number} | {step: 'done', label: string} | {step: 'failed', failure: {kind: string, devices_max?: number}, reason: string, next: string}} Step */
/** @typedef {{sequence: number, running: boolean, step?: Step}} LinkProgress */
/** @typedef {{code: string, svg: string, valid_until_ms: number, number: number, of: number}} Qr */
/** @typedef {{entry: string, origin: string, removable: boolean, warning?: string}} Entry */
/** @typedef {{conversation: number, session: string, channel: string, chat: string, person?: string, name?: string, group: boolean, last_activity_ms: number, waiting: number, paused_until_ms?: number, paused_by?: string, assistant: string, window_until_ms?: number}} Conversation */
/** @typedef {{at_ms: number, from: 'person'|'bot'|'owner', name?: string, text?: string, kind: string}} Turn */
/** @typedef {{at_ms: number, code: string, cause?: string, known_as?: string[], what: string}} TraceStep */
/** @typedef {{message: string, session: string, chat?: string, conversation?: number, state: string, steps: TraceStep[], parcels: {id: string, state: string, until_ms?: number, steps: TraceStep[]}[], way?: {stage: string, at_ms?: number, took_ms?: number, what: string}[]}} Trace */
/** @typedef {{name: string, kind: string, state: string, mailbox?: number, restarts: number, since_ms: number, children?: Actor[]}} Actor */

export {};
