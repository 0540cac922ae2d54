// Where an account keeps its keys.

import { initAuthCreds, makeCacheableSignalKeyStore, useMultiFileAuthState } from 'baileys'
import { logger } from './log.mjs'

/** In memory, gone with the process. */
export function memoryKeys() {
  const kinds = new Map()
  const kind = name => kinds.get(name) ?? kinds.set(name, new Map()).get(name)
  const keys = {
    get: async (name, ids) => {
      const values = kind(name)
      return Object.fromEntries(ids.filter(id => values.has(id)).map(id => [id, values.get(id)]))
    },
    set: async data => {
      for (const [name, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries)) {
          if (value) kind(name).set(id, value)
          else kind(name).delete(id)
        }
      }
    },
  }
  return { state: { creds: initAuthCreds(), keys }, save: () => {} }
}

/** In files of a folder, as Baileys' own example of a bot keeps them. */
export async function fileKeys(folder) {
  const { state, saveCreds } = await useMultiFileAuthState(folder)
  return { state: { creds: state.creds, keys: makeCacheableSignalKeyStore(state.keys, logger) }, save: saveCreds }
}
