import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { STRIP_ROWS, split } from '../../agents/mandelbrot/tiles.ts'
import { instrumentKernel } from '../../src/engine/instrument/kernel.ts'
import { Kernel } from '../../src/engine/kernels.ts'
import { buildKernel } from '../../src/platform/node/bundle-kernel.ts'

const root = fileURLToPath(new URL('../../agents/mandelbrot', import.meta.url))
const metered = instrumentKernel(await buildKernel(root, 'kernels/mandelbrot.ts'))
if (!metered.ok) throw new Error(metered.reason)
const module = new WebAssembly.Module(metered.value)

function newKernel() {
  const kernel = new Kernel('mandelbrot', module, { pagesMax: 512, seed: 1 })
  const meter = { fuelLeft: 10n ** 12n, soft: -(10n ** 15n), depthLeft: 290_000 }
  return { kernel, call: (name: string, ...args: number[]) => kernel.call(kernel.numberOf(name), args, meter) }
}

/** The definition, in JavaScript. */
function escapeTime(cx: number, cy: number, iterations: number): number {
  let [x, y] = [0, 0]
  for (let n = 1; n <= iterations; n++) {
    if (x * x + y * y > 4) return n
    ;[x, y] = [x * x - y * y + cx, 2 * x * y + cy]
  }
  return 0
}

describe('the Mandelbrot kernel', () => {
  it('computes what the definition says, byte by byte', () => {
    const { kernel, call } = newKernel()
    const address = call('reserve', 3 * 64)
    if (address.kind !== 'value') return expect.fail()
    const expected: number[] = []
    for (let row = 0; row < 3; row++) {
      const y = -0.4 + row * 0.37
      expect(call('row', row * 64, 64, -2, 0.045, y, 700)).toMatchObject({ kind: 'value' })
      for (let i = 0; i < 64; i++) {
        const steps = escapeTime(-2 + i * 0.045, y, 700)
        expected.push(steps === 0 ? 0 : 1 + ((steps - 1) % 255))
      }
    }
    expect([...(kernel.range(Number(address.value), 3 * 64) ?? [])]).toEqual(expected)
    expect(new Set(expected).size).toBeGreaterThan(10)
  })

  it('aborts where a row lies outside its buffer', () => {
    const { call } = newKernel()
    expect(call('row', 0, 1, 0, 0, 0, 1)).toMatchObject({
      kind: 'error',
      error: expect.stringContaining('row is outside the buffer'),
    })
    call('reserve', 64)
    for (const [offset, width] of [
      [1, 64],
      [-1, 64],
      [0, 65],
      [2 ** 31 - 1, 1],
    ] as const) {
      expect(call('row', offset, width, 0, 0, 0, 1)).toMatchObject({ kind: 'error' })
    }
    expect(call('reserve', 64)).toMatchObject({ kind: 'error', error: expect.stringContaining('reserved already') })
  })
})

it.each([
  [1, 100],
  [3, 100],
  [7, 5],
  [4, 16],
])('%i agents get every row of %i once', (parts, height) => {
  const inputs = split({ width: 8, height, x0: -2, y0: -1, x1: 1, y1: 1, iterations: 50 }, parts)
  const rows = inputs.flatMap((input) =>
    input.rows.flatMap(([from, to]) => [...Array(to - from).keys()].map((row) => from + row)),
  )
  expect(rows.sort((a, b) => a - b)).toEqual([...Array(height).keys()])
  for (const [from, to] of inputs.flatMap((input) => input.rows)) expect(to - from).toBeLessThanOrEqual(STRIP_ROWS)
})
