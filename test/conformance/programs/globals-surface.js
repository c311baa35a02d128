const walk = (name, value) => { busy(20); const own = Reflect.ownKeys(value).map(String).sort(); return `${name}: ${own.join(' ')}` }
console.log(Reflect.ownKeys(globalThis).map(String).sort().join(' '))
for (const name of ['Object', 'Function', 'Array', 'String', 'Number', 'Boolean', 'Symbol', 'BigInt', 'Math', 'JSON', 'Reflect', 'Promise', 'Proxy', 'Map', 'Set', 'WeakMap', 'WeakSet', 'Date', 'RegExp', 'Error', 'ArrayBuffer', 'DataView', 'Uint8Array', 'Iterator'])
  if (globalThis[name]) { console.log(walk(name, globalThis[name])); if (globalThis[name].prototype) console.log(walk(`${name}.prototype`, globalThis[name].prototype)) }
for (const name of ['WeakRef', 'FinalizationRegistry', 'SharedArrayBuffer', 'Intl', 'fetch', 'require', 'process', 'window', 'self', 'document', 'WebAssembly', 'Worker', 'XMLHttpRequest', 'importScripts', 'postMessage', 'crypto', 'Deno', 'navigator', 'location', 'print', 'std', 'os', 'scriptArgs']) console.log(name, typeof globalThis[name])
check('globalThis', globalThis.globalThis === globalThis)
console.log(Object.getOwnPropertyDescriptor(globalThis, 'undefined'), Object.getOwnPropertyDescriptor(globalThis, 'Array').enumerable, Object.getPrototypeOf(globalThis) === Object.prototype || Object.prototype.toString.call(globalThis))
globalThis.mine = { kept: busy(10) }
console.log(mine.kept === globalThis.mine.kept, delete globalThis.mine, typeof mine)
try { undeclared_one = 1; console.log('sloppy', delete globalThis.undeclared_one) } catch (error) { console.log(error.name) }
try { await import('./other.js'); console.log('imported') } catch (error) { console.log('no import:', error.name) }
console.log(Object.keys(console).join(), Object.keys(__sojourn).join())
