// Makes Baileys check the signatures that it only seems to check. To be loaded before Baileys.
//
// Its `Curve.verify` asks libsignal and takes every answer but an exception for a yes, while libsignal (6.0.0) answers
// a wrong signature with `false`, and is told by its own session builder not to check at all. So any certificate, any
// account signature and any signed prekey would do. Here a wrong signature is an exception, which both understand.

import { createRequire } from 'node:module'

const curve = createRequire(import.meta.url)('libsignal/src/curve.js')
const verify = curve.verifySignature

curve.verifySignature = (key, message, signature) => {
  if (!verify(key, message, signature, false)) throw new Error('the signature is wrong')
  return true
}
