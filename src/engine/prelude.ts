/**
 * The text every engine evaluates before its base image is taken: the world a program finds beside JavaScript itself.
 * It is part of the engine's identity. It runs inside QuickJS, in the realm of the agent, and holds no authority: an agent
 * that tampers with it harms itself alone.
 *
 * What makes a script an agent: its code runs as the body of an async function (so `await` works at the top, and its
 * variables are its own). If `globalThis.__agent` is a function afterwards, it is called with the input and what it
 * settles with is the result; otherwise the result is null, once the code has ended and nothing is left to do.
 *
 * Values cross the boundary as JSON, a Uint8Array as {"$bytes": base64}. Deliberately absent: fetch, modules, WeakRef and
 * FinalizationRegistry (when garbage is collected would be observable), SharedArrayBuffer, locale and time zone (UTC).
 */

/** What the program asks of the driver; the first argument of the one host function. */
export const ASK = {
  call: 1,
  setTimer: 2,
  clearTimer: 3,
  print: 4,
  finish: 5,
  fail: 6,
  kernel: 7,
  callSync: 11,
  seedRandom: 12,
} as const

/** What it asks of a kernel; the second argument after ASK.kernel. */
export const KERNEL_ASK = { names: 1, open: 2, call: 3, read: 4, write: 5, byteLength: 6, release: 7 } as const

/** What the driver brings to the program; the first argument of the function the prelude returns. */
export const BRING = { start: 1, timer: 2, answer: 3, refusal: 4, quiet: 5, rejection: 6 } as const

export const PRELUDE = `(function (host) {
'use strict'
const { stringify, parse } = JSON
const { Uint8Array, Map, Set, Error, Promise, String, Object, Array, Number, Function, TypeError, RangeError, queueMicrotask, Date } = globalThis
const isArray = Array.isArray
const now = Date.now
const slice = Function.prototype.call.bind(Array.prototype.slice)
const toBase64 = Function.prototype.call.bind(Uint8Array.prototype.toBase64)
const fromBase64 = Uint8Array.fromBase64
delete globalThis.WeakRef
delete globalThis.FinalizationRegistry
delete globalThis.SharedArrayBuffer

// ---- values
const replace = (key, value) => {
  if (value instanceof Uint8Array) return { $bytes: toBase64(value) }
  if (typeof value === 'object' && value !== null && typeof value.$bytes === 'string') throw new TypeError('an object with a text "$bytes" cannot be encoded')
  return value
}
const encode = (value) => {
  const text = stringify(value, replace)
  return text === undefined ? 'null' : text
}
const decode = (text) => parse(text, (key, value) => typeof value === 'object' && value !== null && typeof value.$bytes === 'string' ? fromBase64(value.$bytes) : value)
const ownFrames = (stack) => stack.split('\\n').filter((line) => line !== '' && !line.includes('(prelude.js:')).map((line) => '\\n' + line).join('')
const describe = (error) => {
  try {
    if (error instanceof Error) return String(error.name) + ': ' + String(error.message) + ownFrames(String(error.stack ?? ''))
    return 'thrown: ' + inspect(error, 2, new Set())
  } catch { return 'thrown value has no description' }
}

// ---- console
const inspect = (value, depth, seen) => {
  if (typeof value === 'string') return stringify(value)
  if (typeof value === 'bigint') return value + 'n'
  if (typeof value === 'function') return '[Function' + (value.name ? ' ' + value.name : '') + ']'
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value)
  if (seen.has(value)) return '[Circular]'
  if (value instanceof Error) return describe(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (value instanceof RegExp) return String(value)
  if (value instanceof Promise) return 'Promise {}'
  const name = value.constructor && value.constructor.name !== 'Object' && value.constructor.name !== 'Array' ? value.constructor.name + ' ' : ''
  if (depth < 0) return isArray(value) ? '[Array]' : '[' + (name.trim() || 'Object') + ']'
  seen.add(value)
  const inner = (one) => inspect(one, depth - 1, seen)
  let parts
  let shape = '{}'
  if (isArray(value) || ArrayBuffer.isView(value)) {
    shape = '[]'
    parts = slice(value, 0, 100).map(inner)
    if (value.length > 100) parts.push('... ' + (value.length - 100) + ' more')
  } else if (value instanceof Map) parts = [...value].slice(0, 100).map(([k, v]) => inner(k) + ' => ' + inner(v))
  else if (value instanceof Set) parts = [...value].slice(0, 100).map(inner)
  else parts = Object.keys(value).slice(0, 100).map((k) => (/^[A-Za-z_$][\\w$]*$/.test(k) ? k : stringify(k)) + ': ' + inner(value[k]))
  seen.delete(value)
  const sized = value instanceof Map || value instanceof Set ? name.trim() + '(' + value.size + ') ' : name
  return sized + (parts.length === 0 ? shape : shape === '[]' ? '[ ' + parts.join(', ') + ' ]' : '{ ' + parts.join(', ') + ' }')
}
const print = (level) => (...values) => {
  host(${ASK.print}, level, values.map((value) => typeof value === 'string' ? value : inspect(value, 2, new Set())).join(' '))
}
const timed = new Map()
globalThis.console = {
  log: print('log'), info: print('info'), warn: print('warn'), error: print('error'), debug: print('debug'), trace: print('debug'), dir: print('log'),
  assert(condition, ...values) { if (!condition) print('error')('Assertion failed:', ...values) },
  time(label = 'default') { timed.set(label, now()) },
  timeEnd(label = 'default') { print('log')(label + ': ' + (now() - (timed.get(label) ?? now())) + ' ms'); timed.delete(label) },
}

// ---- timers
const timers = new Map()
let nextTimer = 1
const setTimer = (run, delay, every, args) => {
  if (typeof run !== 'function') throw new TypeError('a timer needs a function')
  const id = nextTimer++
  const ms = Math.min(Math.max(Math.trunc(Number(delay)) || 0, every ? 1 : 0), 2 ** 31 - 1)
  host(${ASK.setTimer}, id, ms, every ? 1 : 0)
  timers.set(id, { run, args, every })
  return id
}
const clearTimer = (id) => { if (timers.delete(id)) host(${ASK.clearTimer}, id) }
globalThis.setTimeout = (run, delay, ...args) => setTimer(run, delay, false, args)
globalThis.setInterval = (run, delay, ...args) => setTimer(run, delay, true, args)
globalThis.clearTimeout = globalThis.clearInterval = clearTimer

// ---- system calls and kernels
const waiting = new Map()
const kernelAnswer = (answer) => {
  if (typeof answer === 'string') throw new Error(answer)
  return answer
}
const kernelCopy = (what, kernel, address, view) => {
  const { buffer, byteOffset, byteLength } = view
  if (byteLength > 0) kernelAnswer(host(${ASK.kernel}, what, Number(kernel), Number(address), buffer, byteOffset, byteLength))
}
globalThis.__sojourn = {
  call(name, args) {
    return new Promise((resolve, reject) => {
      const request = host(${ASK.call}, String(name), encode(args))
      waiting.set(request, { resolve, reject })
    })
  },
  // Nothing else of the program runs until the answer is there, wherever in its calls this stands.
  callSync(name, args) {
    const outcome = decode(host(${ASK.callSync}, String(name), encode(args)))
    if (outcome.error !== undefined) throw refusal(outcome.error)
    return outcome.value
  },
  seedRandom(seed) { host(${ASK.seedRandom}, Number(seed)) },
  kernels: () => parse(host(${ASK.kernel}, ${KERNEL_ASK.names})),
  // The number of the instance; kernels and their functions are numbered from here on.
  kernelOpen(name, instance, memoryBytesMax) {
    const opened = host(${ASK.kernel}, ${KERNEL_ASK.open}, String(name), String(instance), Number(memoryBytesMax))
    if (typeof opened === 'string') throw refusal(parse(opened))
    return opened
  },
  kernelCall(kernel, index, ...args) {
    for (let i = 0; i < args.length; i++) if (typeof args[i] !== 'number' && typeof args[i] !== 'bigint') args[i] = Number(args[i])
    return kernelAnswer(host(${ASK.kernel}, ${KERNEL_ASK.call}, Number(kernel), Number(index), ...args))
  },
  kernelRead: (kernel, address, view) => kernelCopy(${KERNEL_ASK.read}, kernel, address, view),
  kernelWrite: (kernel, address, view) => kernelCopy(${KERNEL_ASK.write}, kernel, address, view),
  kernelBytes: (kernel) => host(${ASK.kernel}, ${KERNEL_ASK.byteLength}, Number(kernel)),
  kernelRelease(kernel) { host(${ASK.kernel}, ${KERNEL_ASK.release}, Number(kernel)) },
}

// ---- what a web program expects
globalThis.TextEncoder = class TextEncoder {
  get encoding() { return 'utf-8' }
  encode(text = '') {
    const binary = unescape(encodeURIComponent(String(text).toWellFormed()))
    const bytes = new Uint8Array(binary.length)
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
    return bytes
  }
}
globalThis.TextDecoder = class TextDecoder {
  #fatal
  constructor(label = 'utf-8', options = {}) {
    if (!/^utf-?8$/i.test(String(label))) throw new RangeError('only utf-8 is supported')
    this.#fatal = options.fatal === true
  }
  get encoding() { return 'utf-8' }
  decode(input = new Uint8Array(0)) {
    const bytes = input instanceof ArrayBuffer ? new Uint8Array(input) : new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
    let text = ''
    for (let i = 0; i < bytes.length;) {
      const first = bytes[i]
      let size = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0
      let code = size === 1 ? first : size === 2 ? first & 31 : size === 3 ? first & 15 : first & 7
      for (let k = 1; k < size; k++) {
        const next = bytes[i + k]
        if (next === undefined || (next & 0xc0) !== 0x80) { size = 0; break }
        code = code * 64 + (next & 63)
      }
      if (size === 0 || (size === 3 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) || (size === 4 && (code < 0x10000 || code > 0x10ffff))) {
        if (this.#fatal) throw new TypeError('the bytes are not utf-8')
        text += '\\ufffd'
        i++
      } else {
        text += String.fromCodePoint(code)
        i += size
      }
    }
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  }
}
const clone = (value, seen) => {
  if (typeof value === 'function' || typeof value === 'symbol') throw new DOMException('a ' + typeof value + ' cannot be cloned', 'DataCloneError')
  if (typeof value !== 'object' || value === null) return value
  if (seen.has(value)) return seen.get(value)
  const keep = (copy) => { seen.set(value, copy); return copy }
  if (value instanceof Date) return keep(new Date(value.getTime()))
  if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags))
  if (value instanceof ArrayBuffer) return keep(value.slice(0))
  if (ArrayBuffer.isView(value)) {
    const buffer = clone(value.buffer, seen)
    return keep(value instanceof DataView ? new DataView(buffer, value.byteOffset, value.byteLength) : new value.constructor(buffer, value.byteOffset, value.length))
  }
  if (value instanceof Map) { const copy = keep(new Map()); for (const [k, v] of value) copy.set(clone(k, seen), clone(v, seen)); return copy }
  if (value instanceof Set) { const copy = keep(new Set()); for (const v of value) copy.add(clone(v, seen)); return copy }
  if (value instanceof Error) { const copy = keep(new value.constructor(value.message)); copy.stack = value.stack; return copy }
  const copy = keep(isArray(value) ? new Array(value.length) : {})
  for (const k of Object.keys(value)) copy[k] = clone(value[k], seen)
  return copy
}
globalThis.structuredClone = (value) => clone(value, new Map())
let startedMs = 0
globalThis.performance = { now: () => now() - startedMs, get timeOrigin() { return startedMs } }

// ---- turns
let ended = false
const fail = (error) => {
  const exhausted = error === null || (error instanceof InternalError && error.message === 'out of memory')
  if (exhausted) host(${ASK.fail}, 'QUOTA', 'memory: out of memory')
  else host(${ASK.fail}, 'THROWN', describe(error))
}
const finish = (value) => {
  let text
  try { text = encode(value) } catch (error) {
    host(${ASK.fail}, 'UNENCODABLE', 'the result has no JSON form: ' + describe(error))
    return
  }
  host(${ASK.finish}, text)
}
const start = async (main, inputText) => {
  startedMs = now()
  try {
    await main()
    const agent = globalThis.__agent
    if (typeof agent === 'function') finish(await agent(decode(inputText)))
    else ended = true
  } catch (error) { fail(error) }
}
const settle = (request, how, value) => {
  const waiter = waiting.get(request)
  waiting.delete(request)
  if (waiter !== undefined) waiter[how](value)
}
const refusal = ({ code, reason }) => {
  const error = new Error(reason)
  error.code = code
  return error
}
const bring = (what, item, text) => {
  if (what === ${BRING.start}) start(item, text)
  else if (what === ${BRING.answer}) settle(item, 'resolve', decode(text))
  else if (what === ${BRING.refusal}) settle(item, 'reject', refusal(parse(text)))
  else if (what === ${BRING.quiet}) { if (ended) host(${ASK.finish}, 'null') }
  else {
    const timer = timers.get(item)
    if (timer === undefined) return
    if (!timer.every) timers.delete(item)
    try { timer.run(...timer.args) } catch (error) { fail(error) }
  }
}
// Rejections nobody handled by the end of the turn (a timer fires when no job is left) are said, not lost.
const rejected = new Map()
const report = () => {
  for (const error of rejected.values()) host(${ASK.print}, 'error', 'unhandled rejection: ' + describe(error))
  rejected.clear()
}
const track = (promise, error, handled) => {
  if (handled) rejected.delete(promise)
  else {
    if (rejected.size === 0) setTimer(report, 0, false, [])
    rejected.set(promise, error)
  }
}
return (what, item, text, handled) => {
  if (what === ${BRING.rejection}) track(item, text, handled !== 0)
  else queueMicrotask(() => bring(what, item, text))
}
})`
