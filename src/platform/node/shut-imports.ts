import * as nodeModule from 'node:module'
import process from 'node:process'

/**
 * Ends loading in this thread: whatever is imported from now on is refused, Node's own modules too, and so is native code.
 * For a guest's thread once its own code is there; emptying the global scope leaves `import()`, which is syntax. It does
 * not take back what has been loaded: who holds a module's function keeps it.
 */
export function shutImports(): void {
  for (const door of NATIVE_DOORS) Reflect.deleteProperty(process, door)
  if ('registerHooks' in nodeModule && typeof nodeModule.registerHooks === 'function')
    nodeModule.registerHooks({ resolve: refuse })
  else refuseOnNode20()
}

const REFUSAL = 'a guest loads nothing'

/** Ways from the process object to native code; that object is out of reach already, unless somebody finds a way to it. */
const NATIVE_DOORS = ['binding', '_linkedBinding', 'dlopen', 'getBuiltinModule']

/** What Node 20 takes from the global scope when it starts its hooks; kept from before the scope was emptied. */
const WANTED = { Atomics: globalThis.Atomics, SharedArrayBuffer: globalThis.SharedArrayBuffer }

function refuse(): never {
  throw new Error(REFUSAL)
}

/** Node 20 asks hooks on a thread of their own: some 9 MB more for each guest. From Node 22.15 on there is a better way. */
function refuseOnNode20(): void {
  const hooks = `export function resolve() { throw new Error(${JSON.stringify(REFUSAL)}) }`
  for (const [name, value] of Object.entries(WANTED))
    Object.defineProperty(globalThis, name, { value, configurable: true })
  nodeModule.register(`data:text/javascript,${encodeURIComponent(hooks)}`)
  for (const name of Object.keys(WANTED)) Reflect.deleteProperty(globalThis, name)
}
