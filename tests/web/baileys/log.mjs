// What Baileys logs: nothing, or everything into the file that GREENROOM_PEER_LOG names.
// It contains keys: for looking into a failure by hand, on a simulated account.

import { appendFileSync } from 'node:fs'
import { inspect } from 'node:util'

const file = process.env.GREENROOM_PEER_LOG

function write(level, parts) {
  if (!file) return
  const text = parts.map(part => (typeof part === 'string' ? part : inspect(part, { depth: 5, breakLength: 160 })))
  appendFileSync(file, `${new Date().toISOString()} ${level} ${text.join(' ')}\n`)
}

export const logger = { level: file ? 'trace' : 'silent', child: () => logger }
for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) {
  logger[level] = (...parts) => write(level, parts)
}
