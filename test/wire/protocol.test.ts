import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { HANDSHAKE_FAULTS } from '../../src/wire/handshake.ts'
import * as limits from '../../src/wire/limits.ts'
import { asyncName, errorCode, requestName } from '../../src/wire/message-ids.ts'

/** PROTOCOL.md says what the code does: its tables are compared with it. */
const text = readFileSync(new URL('../../src/wire/PROTOCOL.md', import.meta.url), 'utf8')
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))

describe('PROTOCOL.md', () => {
  it('has every message and error code under its number', () => {
    const written = new Set(rows.map(([, first, second]) => `${first} ${second}`))
    for (let id = 1; id < 256; id++) {
      for (const name of [requestName(id), asyncName(id), errorCode(id)]) {
        if (name !== null) expect(written.has(`${id} ${name}`), `${id} ${name}`).toBe(true)
      }
    }
  })

  it('has every refusal of the handshake', () => {
    const written = new Set(rows.map(([, first]) => first))
    for (const code of HANDSHAKE_FAULTS) expect(written.has(code), code).toBe(true)
  })

  it('has the limits as they are', () => {
    const values: Record<string, unknown> = { ...limits }
    const written = rows.filter(([, name]) => /^[A-Z_]+$/.test(name ?? '') && values[name ?? ''] !== undefined)
    expect(written.length).toBeGreaterThan(10)
    for (const [, name = '', value] of written) expect(Number(value), name).toBe(values[name])
  })
})
