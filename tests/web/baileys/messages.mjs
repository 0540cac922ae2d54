// What a received message says, in plain terms.

import { createHash } from 'node:crypto'
import { downloadMediaMessage, getContentType, normalizeMessageContent, proto } from 'baileys'

const { Type } = proto.Message.ProtocolMessage
const { StubType } = proto.WebMessageInfo

/** Everything but the bytes of a picture, a sound or a file. */
export function describe({ key, message, pushName, messageTimestamp, messageStubType, messageStubParameters, category }) {
  const line = {
    id: key.id,
    chat: key.remoteJid,
    chat_alt: key.remoteJidAlt,
    from: key.participant || key.remoteJid,
    from_alt: key.participantAlt,
    from_me: !!key.fromMe,
    name: pushName,
    at: Number(messageTimestamp),
    category,
  }
  if (messageStubType === StubType.CIPHERTEXT) return { ...line, undecryptable: true, reason: messageStubParameters?.[0] }
  const content = normalizeMessageContent(message) ?? {}
  const kind = getContentType(content)
  const inner = content[kind]
  return { ...line, body: body(kind, inner), ...context(inner?.contextInfo) }
}

function body(kind, inner) {
  switch (kind) {
    case 'conversation':
      return { kind: 'text', text: inner }
    case 'extendedTextMessage':
      return { kind: 'text', text: inner.text }
    case 'imageMessage':
      return { kind: 'image', caption: inner.caption || undefined, mimetype: inner.mimetype }
    case 'audioMessage':
      return {
        kind: inner.ptt ? 'voice' : 'audio',
        mimetype: inner.mimetype,
        seconds: inner.seconds,
        waveform: inner.waveform?.length ?? 0,
      }
    case 'documentMessage':
      return { kind: 'document', name: inner.fileName, caption: inner.caption || undefined, mimetype: inner.mimetype }
    case 'locationMessage':
      return {
        kind: 'location',
        latitude: inner.degreesLatitude,
        longitude: inner.degreesLongitude,
        name: inner.name || undefined,
        address: inner.address || undefined,
      }
    case 'reactionMessage':
      return { kind: 'reaction', emoji: inner.text, target: target(inner.key) }
    case 'protocolMessage':
      if (inner.type === Type.REVOKE) return { kind: 'revoked', target: target(inner.key) }
      if (inner.type === Type.MESSAGE_EDIT) return { kind: 'edited', target: target(inner.key), text: text(inner.editedMessage) }
      return { kind: 'protocol', type: Type[inner.type] }
    default:
      return { kind: 'other', type: kind }
  }
}

function text(message) {
  return message?.conversation || message?.extendedTextMessage?.text
}

function target(key) {
  return { id: key.id, chat: key.remoteJid, from_me: !!key.fromMe, participant: key.participant || undefined }
}

function context(info) {
  if (!info) return {}
  const quote = info.stanzaId
    ? { id: info.stanzaId, participant: info.participant, text: text(info.quotedMessage), kind: getContentType(info.quotedMessage) }
    : undefined
  return { quote, mentions: info.mentionedJid?.length ? info.mentionedJid : undefined }
}

/** Fetches and decrypts what the message refers to; nothing for messages that are words only. */
export async function media(message) {
  const content = normalizeMessageContent(message.message) ?? {}
  const inner = content.imageMessage ?? content.audioMessage ?? content.documentMessage
  if (!inner) return undefined
  const bytes = await downloadMediaMessage(message, 'buffer', {})
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const declared = Buffer.from(inner.fileSha256).toString('hex')
  return { bytes: bytes.length, sha256, as_declared: sha256 === declared && bytes.length === Number(inner.fileLength) }
}
