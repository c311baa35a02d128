import { base64pad } from 'multiformats/bases/base64'
import { utf8 } from '../base/bytes.ts'
import { sha256 } from '../base/digest.ts'

/**
 * The document around a guest in a browser, as text: a frame of its own with an origin that nobody shares, in which one
 * web worker is started and nothing else ever happens. The page makes it (platform/browser/frame.ts), and the rendezvous
 * names its script in the page's policy, which such a document inherits besides its own. It is written into the page and
 * not loaded: a frame without an origin is served by no service worker, and a guest shall start without the network.
 *
 * Whoever gets to run code in this document later finds it empty: with the worker started it gives away everything that
 * the browser lets go of, its own language included. What cannot go is `document` and `location`, without their methods.
 */
export const FRAME_SCRIPT = `'use strict'
onmessage = ({ data, ports, source }) => {
  if (source !== parent) return
  onmessage = null
  new Worker(URL.createObjectURL(data), { name: 'sojourn guest' }).postMessage(null, [...ports])
  const { document } = window
  const { ownKeys, getPrototypeOf, deleteProperty } = Reflect
  for (let level = window; level; level = getPrototypeOf(level)) for (const key of ownKeys(level)) deleteProperty(level, key)
  for (let level = document; level; level = getPrototypeOf(level)) for (const key of ownKeys(level)) deleteProperty(level, key)
}`

/** As a content security policy names a script that stands in the document. */
export const FRAME_SCRIPT_SOURCE = `'sha256-${base64pad.baseEncode(sha256(utf8(FRAME_SCRIPT)))}'`

/**
 * The worker inherits it: it may run from the text that the page hands in and compile WebAssembly, and reach nothing.
 * No text becomes code in it either, whatever has happened to its global scope.
 */
const FRAME_POLICY = [
  "default-src 'none'",
  `script-src ${FRAME_SCRIPT_SOURCE} 'wasm-unsafe-eval'`,
  'worker-src blob:',
  "connect-src 'none'",
  "frame-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

export const FRAME_DOCUMENT = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${FRAME_POLICY}"><script>${FRAME_SCRIPT}</script>`
