import { readdirSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { EngineBuild } from '../../src/engine/machine.ts'
import { engine, observed, ride } from './drive.ts'

const folder = new URL('../programs/', import.meta.url)
let build: EngineBuild
beforeAll(async () => {
  build = await engine()
})

describe('every program in test/programs', () => {
  for (const file of readdirSync(folder).sort()) {
    it(`${file} has the same output, fuel and state with and without hops`, () => {
      const code = readFileSync(new URL(file, folder), 'utf8')
      const straight = ride(build, code)
      expect(straight.stop).toEqual({ kind: 'finished', resultJson: 'null' })
      expect(straight.console.length).toBeGreaterThan(0)
      const hopping = ride(build, code, { slice: () => 30_011n })
      expect(observed(hopping)).toEqual(observed(straight))
      expect(hopping.hops).toBeGreaterThan(1)
    })
  }
})
