// A WhatsApp Web client made with Baileys, which a test drives by lines of JSON.
//
// A line on standard input is a command: {"id": 1, "do": "text", "to": "…", "text": "…"}. Its answer is a line
// on standard output: {"id": 1, "ok": …} or {"id": 1, "error": "…"}. Everything else that is written there is an
// event: {"event": "message", …}. README.md lists both. The process ends when its standard input does.

import { createInterface } from 'node:readline'

// Baileys' Signal library prints whole sessions, private keys included, through `console`. None of it may leave
// this process, so the real standard output is kept for lines of ours before Baileys is loaded.
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = () => true
process.stderr.write = () => true
for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir']) console[name] = () => {}

const say = line => write(JSON.stringify(line) + '\n')
const failed = error => say({ event: 'failed', text: String(error?.stack ?? error) })
process.on('uncaughtException', failed)
process.on('unhandledRejection', failed)

await import('./strict.mjs')
const { Account } = await import('./account.mjs')
const account = new Account(say)

const commands = {
  connect: options => account.connect(options),
  pair_code: ({ number }) => account.pairCode(number),
  offline: () => account.offline(),
  online: () => account.online(),
  drop: () => account.drop(),
  logout: () => account.logout(),

  text: ({ to, text, mentions, quote }) => account.send(to, { text, mentions }, quote),
  // An empty thumbnail and a given length keep Baileys from looking for image and sound libraries.
  image: ({ to, data, caption, quote }) =>
    account.send(to, { image: bytes(data), caption, mimetype: 'image/png', jpegThumbnail: '' }, quote),
  voice: ({ to, data, seconds, quote }) => account.send(to, voiceNote(bytes(data), seconds), quote),
  react: ({ to, target, emoji }) => account.send(to, { react: { text: emoji, key: account.known(target).key } }),
  edit: ({ to, target, text }) => account.send(to, { text, edit: account.known(target).key }),
  revoke: ({ to, target }) => account.send(to, { delete: account.known(target).key }),
  document: ({ to, data, name, mimetype, caption, quote }) =>
    account.send(to, { document: bytes(data), fileName: name, mimetype, caption: caption ?? undefined }, quote),
  location: ({ to, latitude = 52.5, longitude = 13.4, name, address }) =>
    account.send(to, { location: { degreesLatitude: latitude, degreesLongitude: longitude, name, address } }),
  // As phones answer what a business offers.
  tap: ({ to, option, title }) =>
    account.send(to, { buttonReply: { id: option, displayText: title, index: 0 }, type: 'plain' }),
  pick: ({ to, option, title }) =>
    account.send(to, { listReply: { title, listType: 1, singleSelectReply: { selectedRowId: option } } }),
  contacts: ({ to, cards }) => account.send(to, { contacts: { contacts: cards.map(card) } }),
  read: ({ target }) => account.socket.readMessages([account.known(target).key]),
  typing: ({ to, state }) => account.socket.sendPresenceUpdate(state, to),
  group: ({ group }) => account.group(group),

  echo: ({ on }) => account.echo(on),
  figures: () => account.figures(),
}

function bytes(base64) {
  return Buffer.from(base64, 'base64')
}

function card({ name, number }) {
  const lines = ['BEGIN:VCARD', 'VERSION:3.0', `FN:${name}`, `TEL;type=CELL;type=VOICE;waid=${number}:+${number}`, 'END:VCARD']
  return { displayName: name, vcard: lines.join('\n') }
}

function voiceNote(audio, seconds) {
  const waveform = new Uint8Array(64).map((_, at) => at)
  return { audio, seconds, waveform, ptt: true, mimetype: 'audio/ogg; codecs=opus' }
}

async function obey(line) {
  let id
  try {
    const command = JSON.parse(line)
    id = command.id
    const does = commands[command.do]
    if (!does) throw new Error(`there is no command "${command.do}"`)
    say({ id, ok: (await does(command)) ?? null })
  } catch (error) {
    say({ id, error: String(error?.message ?? error) })
  }
}

// Commands are obeyed side by side, as they come: a send that waits for the server must not hold up the next.
createInterface({ input: process.stdin }).on('line', obey).on('close', () => process.exit(0))
say({ event: 'ready', node: process.version })
