import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from './engine-files.ts'

/**
 * A guest's code as one script. A script, because Node gives a script that runs without a loader of its own no `import()`
 * either, whatever text it makes code from; and one, because thirty modules through Node's loader, and a thread of hooks to
 * shut that loader afterwards, cost four times the processor time of all the rest.
 */
export const guestScriptPath = (): string => join(packageRoot(), 'dist/guest/guest.cjs')

export const readGuestScript = (): string => readFileSync(guestScriptPath(), 'utf8')
