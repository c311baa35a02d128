/**
 * Takes everything from a worker's global scope that a guest does not need, before the engine's code runs: what stays is
 * the language itself, WebAssembly and text codecs, without what tells the time, the place or the language of the machine
 * (Date, Intl) or shares memory (SharedArrayBuffer, Atomics). An allow-list, since a realm's next version may bring a new door.
 * This is the second wall: the first is that a program in the engine reaches only the engine's imports.
 */
const LANGUAGE: ReadonlySet<string> = new Set([
  'globalThis',
  'Infinity',
  'NaN',
  'undefined',
  'isFinite',
  'isNaN',
  'parseFloat',
  'parseInt',
  'decodeURI',
  'decodeURIComponent',
  'encodeURI',
  'encodeURIComponent',
  'AggregateError',
  'Array',
  'ArrayBuffer',
  'BigInt',
  'BigInt64Array',
  'BigUint64Array',
  'Boolean',
  'DataView',
  'Error',
  'EvalError',
  'FinalizationRegistry',
  'Float32Array',
  'Float64Array',
  'Int16Array',
  'Int32Array',
  'Int8Array',
  'JSON',
  'Map',
  'Math',
  'Number',
  'Object',
  'Promise',
  'Proxy',
  'RangeError',
  'ReferenceError',
  'Reflect',
  'RegExp',
  'Set',
  'String',
  'Symbol',
  'SyntaxError',
  'TypeError',
  'URIError',
  'Uint16Array',
  'Uint32Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'WeakMap',
  'WeakRef',
  'WeakSet',
  'TextDecoder',
  'TextEncoder',
  'WebAssembly',
  'queueMicrotask',
])

/**
 * Removes or buries every other property of the scope and of what it inherits from, up to Object.prototype; the names
 * that the realm let go of neither way come back, for a test to look at.
 */
export function lockDown(scope: object): readonly string[] {
  const left: string[] = []
  const root = Object.prototype
  for (let level: object | null = scope; level && level !== root; level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (LANGUAGE.has(name) || name === 'constructor') continue
      if (!remove(level, name)) left.push(name)
    }
  }
  // What was inherited through an accessor that could not go is at least not reachable by its name.
  for (const name of left) bury(scope, name)
  return left.filter((name) => Reflect.get(scope, name) !== undefined)
}

const remove = (level: object, name: string): boolean => {
  try {
    return Reflect.deleteProperty(level, name)
  } catch {
    return false
  }
}

function bury(scope: object, name: string): void {
  try {
    Object.defineProperty(scope, name, { value: undefined, writable: false, configurable: false })
  } catch {
    // Reported to the caller as left.
  }
}
