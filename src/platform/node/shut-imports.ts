import * as nodeModule from 'node:module'
import process from 'node:process'

/**
 * Ends loading in this thread: whatever is imported from now on is refused, Node's own modules too, and so is native code.
 * For a guest's thread once its own code is there; emptying the global scope leaves `import()`, which is syntax. The guest's
 * script has no loader behind that syntax (guest-script.ts); where Node has hooks that cost nothing, from 22.15 on, they
 * refuse whatever might get past it. It does not take back what has been loaded: who holds a module's function keeps it.
 */
export function shutImports(): void {
  for (const door of NATIVE_DOORS) Reflect.deleteProperty(process, door)
  if ('registerHooks' in nodeModule && typeof nodeModule.registerHooks === 'function')
    nodeModule.registerHooks({ resolve: refuse })
}

/** Ways from the process object to native code; that object is out of reach already, unless somebody finds a way to it. */
const NATIVE_DOORS = ['binding', '_linkedBinding', 'dlopen', 'getBuiltinModule']

function refuse(): never {
  throw new Error('a guest loads nothing')
}
