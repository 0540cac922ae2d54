// One linked account: its keys, its socket, and what it was sent.

import makeWASocket, { DisconnectReason, WA_CERT_DETAILS } from 'baileys'
import { describe, media } from './messages.mjs'
import { fileKeys, memoryKeys } from './keys.mjs'
import { logger } from './log.mjs'

// Messages that can be quoted, reacted to or sent again.
const REMEMBERED_MAX = 5_000

export class Account {
  constructor(say) {
    this.say = say
    this.remembered = new Map()
    this.echoing = false
    this.counted = { received: 0, sent: 0, errors: 0 }
    // Kept over reconnects, as Baileys asks for.
    this.retries = cache()
  }

  /** `root`: hex of the public key that the server's certificate chain must end in. `keys`: a folder; without it the keys stay in memory. */
  async connect({ url, root, keys, name, reconnect = false }) {
    WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(root, 'hex')
    this.url = url
    this.name = name ?? 'Peer'
    this.reconnect = reconnect
    this.auth = keys ? await fileKeys(keys) : memoryKeys()
    // Otherwise Baileys holds everything back for 20 seconds after linking, waiting for a history.
    this.auth.state.creds.accountSyncCounter ||= 1
    this.open()
  }

  open() {
    this.wanted = true
    const { state } = this.auth
    const socket = makeWASocket({
      auth: state,
      waWebSocketUrl: this.url,
      logger,
      emitOwnEvents: false,
      syncFullHistory: false,
      shouldSyncHistoryMessage: () => false,
      generateHighQualityLinkPreview: false,
      msgRetryCounterCache: this.retries,
      getMessage: async key => this.remembered.get(key.id)?.message,
    })
    this.socket = socket
    this.qrs = 0
    socket.ev.on('creds.update', () => this.auth.save())
    socket.ev.on('connection.update', update => this.changed(socket, update))
    socket.ev.on('messages.upsert', upsert => this.received(socket, upsert))
    socket.ev.on('messages.update', updates => updates.forEach(update => this.updated(update)))
    socket.ev.on('message-receipt.update', updates => updates.forEach(update => this.receipt(update)))
    socket.ev.on('presence.update', ({ id, presences }) => {
      for (const [from, { lastKnownPresence }] of Object.entries(presences)) {
        this.say({ event: 'typing', chat: id, from, state: lastKnownPresence })
      }
    })
    socket.ev.on('groups.update', updates => updates.forEach(update => this.say({ event: 'group', ...update })))
    socket.ev.on('group-participants.update', update => this.say({ event: 'participants', ...update }))
  }

  changed(socket, { qr, connection, isNewLogin, receivedPendingNotifications, lastDisconnect }) {
    const { creds } = this.auth.state
    if (qr) this.say({ event: 'qr', code: qr, number: ++this.qrs })
    if (isNewLogin) {
      // Without a name Baileys never says that it is there.
      creds.me.name = this.name
      this.auth.save()
      this.say({ event: 'linked', jid: creds.me.id, lid: creds.me.lid })
    }
    if (connection === 'open') this.say({ event: 'open', jid: creds.me.id, lid: creds.me.lid })
    if (receivedPendingNotifications) this.say({ event: 'caught_up' })
    if (connection !== 'close' || socket !== this.socket) return
    const status = lastDisconnect?.error?.output?.statusCode ?? 0
    this.say({ event: 'close', status, reason: lastDisconnect?.error?.message ?? '' })
    // After linking the server asks for a restart, which is the application's to make.
    if (status === DisconnectReason.restartRequired) this.open()
    else if (this.reconnect && this.wanted && !FINAL.has(status)) setTimeout(() => this.wanted && this.open(), 250)
  }

  async pairCode(number) {
    return { code: await this.socket.requestPairingCode(number) }
  }

  /** Leaves as a client that is shut down does. What it is sent meanwhile waits at the server. */
  async offline() {
    this.wanted = false
    await this.socket.end(undefined)
  }

  online() {
    this.open()
  }

  /** The connection breaks without a word. */
  drop() {
    this.socket.ws.socket.terminate()
  }

  async logout() {
    this.wanted = false
    await this.socket.logout()
  }

  async send(to, content, quote) {
    const quoted = quote ? this.known(quote) : undefined
    const sent = await this.socket.sendMessage(to, content, { quoted })
    this.remember(sent)
    return { id: sent.key.id }
  }

  known(id) {
    const message = this.remembered.get(id)
    if (!message) throw new Error(`no message ${id} was sent or received`)
    return message
  }

  remember(message) {
    this.remembered.set(message.key.id, message)
    if (this.remembered.size > REMEMBERED_MAX) this.remembered.delete(this.remembered.keys().next().value)
  }

  async received(socket, { messages, type }) {
    for (const message of messages) {
      if (this.echoing) await this.answer(socket, message)
      else await this.report(message, type === 'append').catch(error => this.say({ event: 'failed', text: error.stack }))
    }
  }

  async report(message, offline) {
    const line = describe(message)
    if (message.message) this.remember(message)
    const file = line.body && (await media(message))
    this.say({ event: line.undecryptable ? 'undecryptable' : 'message', offline, ...line, ...(file && { file }) })
  }

  updated({ key, update }) {
    if (update.status === undefined) return
    const problem = update.messageStubParameters?.[0]
    this.say({ event: 'status', id: key.id, chat: key.remoteJid, status: STATUS[update.status] ?? update.status, problem })
  }

  receipt({ key, receipt }) {
    const status = receipt.readTimestamp ? 'read' : 'delivered'
    this.say({ event: 'status', id: key.id, chat: key.remoteJid, by: receipt.userJid, status })
  }

  async group(jid) {
    const { id, subject, addressingMode, participants } = await this.socket.groupMetadata(jid)
    return { id, subject, mode: addressingMode, participants: participants.map(one => ({ id: one.id, admin: one.admin ?? null })) }
  }

  /** From now on every text is answered with itself, and nothing is reported: for measuring. */
  echo(on) {
    this.echoing = on
    this.counted = { received: 0, sent: 0, errors: 0 }
  }

  async answer(socket, message) {
    const text = message.message?.conversation ?? message.message?.extendedTextMessage?.text
    if (message.key.fromMe || !text) return
    this.counted.received++
    try {
      await socket.sendMessage(message.key.remoteJid, { text })
      this.counted.sent++
    } catch {
      this.counted.errors++
    }
  }

  figures() {
    const { user, system } = process.cpuUsage()
    return { ...this.counted, cpu_micros: user + system, resident_bytes: process.memoryUsage().rss }
  }
}

// What only the owner of the account can mend.
const FINAL = new Set([401, 403, 405, DisconnectReason.connectionReplaced])

const STATUS = ['error', 'pending', 'sent', 'delivered', 'read', 'played']

function cache() {
  const values = new Map()
  return { get: key => values.get(key), set: (key, value) => void values.set(key, value), del: key => void values.delete(key), flushAll: () => values.clear() }
}
