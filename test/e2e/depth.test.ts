import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { ATTACKED } from '../../src/attacks/answer.ts'
import { ask, openPlace, teach } from '../../src/attacks/places.ts'
import { ATTACKS, type Ending, tryAttack } from '../../src/attacks/trial.ts'
import { prepareEngine } from '../../src/engine/machine.ts'
import { findBrowser } from '../../src/realms/browser-realm.ts'
import { engine } from '../engine/drive.ts'

/** The deepest of native frames, and the most different: all attacks take minutes (`npm run depth`). */
const CHOSEN = [
  'bound to itself',
  'call of call',
  'instanceof',
  'sort',
  'generators',
  'eval',
  'function expressions',
  'more function expressions',
  'JSON.parse arrays',
  'JSON.stringify with replacer',
  'flat',
  'proxy chain, get',
  'regexp groups that capture nothing',
  'async functions',
]
const ENTRY = new URL('../../src/attacks/answer.ts', import.meta.url)

for (const browser of ['chromium', 'firefox'] as const) {
  if (findBrowser(browser) === null) console.warn(`skipped: no ${browser} on this machine`)
  describe.skipIf(findBrowser(browser) === null)(`a web worker in ${browser}, optimised from the first call`, () => {
    it('ends what goes as deep as it can where Node ends it, on both builds', async () => {
      const build = prepareEngine(ATTACKED, (await engine()).modules)
      const realm = await openPlace({ browser, compiler: 'optimised' }, ENTRY)
      try {
        const bytesOf = (tier: string): Promise<Uint8Array> => readFile(`dist/engine/${tier}.wasm`)
        await teach(realm, { plain: await bytesOf('plain'), movable: await bytesOf('movable') })
        for (const attack of CHOSEN) {
          const here = tryAttack(build, ATTACKS.get(attack) ?? '')
          expect(here.stop).toBe('finished')
          for (const tier of ['movable', 'plain'] as const)
            expect(await ask<Ending>(realm, { attack, tier, ask: 'ending' }), `${attack}, ${tier}`).toEqual(here)
        }
      } finally {
        await realm.close()
      }
    })
  })
}
