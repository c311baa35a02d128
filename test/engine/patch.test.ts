import { beforeAll, describe, expect, it } from 'vitest'
import type { MachineImage } from '../../src/engine/image.ts'
import { type EngineBuild, ImageError, Machine } from '../../src/engine/machine.ts'
import { changesBetween } from '../../src/sandbox/image-delta.ts'
import { engine, OPTIONS, ride } from './drive.ts'

/** A machine that was thawed ahead of time and is made what a later image says. */
const CODE = `
const kept = []
const wait = () => new Promise((done) => setTimeout(done, 5))
globalThis.__agent = async () => {
  for (let i = 0; i < 40; i++) {
    kept.push(new Uint8Array(20_000).fill(i))
    if (i % 9 === 8) kept.splice(0, 5)
    __sojourn.call('emit', i).catch(() => undefined)
    for (let k = 0; k < 2_000; k++) kept[k % kept.length][k] += k
    if (i % 4 === 0) await wait()
  }
  return kept.reduce((sum, bytes) => bytes.reduce((n, byte) => (n * 31 + byte) | 0, sum), 0)
}`

let build: EngineBuild
const images: MachineImage[] = []
beforeAll(async () => {
  build = await engine()
  ride(build, CODE, { slice: () => 200_000n, onHop: (image) => images.push(image) })
})

/** By bytes: pages of images of different machines are never the same objects. */
function patch(machine: Machine, from: MachineImage, to: MachineImage): void {
  const same = new Map(
    [...to.pages].map(([index, bytes]) => {
      const before = from.pages.get(index)
      return [index, before && Buffer.compare(before, bytes) === 0 ? before : bytes] as const
    }),
  )
  const { changed, gone } = changesBetween(from.pages, same)
  machine.patch({ ...to, pages: changed }, [...gone])
}

describe('a machine that is brought up to a later image', () => {
  it('has the state of one that is thawed from it, whichever two they are', () => {
    expect(images.length).toBeGreaterThan(8)
    for (let from = 0; from < images.length; from += 7)
      for (let to = from; to < images.length; to += 9) {
        const [early, late] = [images[from], images[to]]
        if (!early || !late) continue
        const machine = Machine.thaw(build, early, OPTIONS)
        patch(machine, early, late)
        const fresh = Machine.thaw(build, late, OPTIONS)
        expect([from, to, machine.stateHash()]).toEqual([from, to, fresh.stateHash()])
        expect(machine.takeCalls()).toEqual(fresh.takeCalls())
        expect([machine.run(300_000n), machine.stateHash()]).toEqual([fresh.run(300_000n), fresh.stateHash()])
      }
  })

  it('has it after several patches, and back in time where the memory has not grown', () => {
    const [first, second] = images.filter(({ memoryPages }) => memoryPages === images.at(-1)?.memoryPages)
    if (!first || !second) throw new Error('the program grew to its end')
    const machine = Machine.thaw(build, first, OPTIONS)
    patch(machine, first, second)
    patch(machine, second, first)
    expect(machine.stateHash()).toBe(Machine.thaw(build, first, OPTIONS).stateHash())
  })
})

describe('a patch is refused', () => {
  const cases: [string, (image: MachineImage) => Partial<MachineImage>, string][] = [
    [
      'with a page outside its memory',
      () => ({ pages: new Map([[1 << 20, new Uint8Array(4096)]]) }),
      'page 1048576 lies',
    ],
    ['with half a page', () => ({ pages: new Map([[5, new Uint8Array(2048)]]) }), 'page 5 has 2048 bytes'],
    ['of another engine', () => ({ engineId: 'other' }), 'engineId other !='],
    ['of a smaller memory', ({ memoryPages }) => ({ memoryPages: memoryPages - 1 }), 'memoryPages'],
    ['of a memory larger than the agent may have', () => ({ memoryPages: 1025 }), 'memoryPages 1025 is not in'],
    ['with other globals', () => ({ globals: new Map() }), 'globals are not those of the engine'],
  ]
  it.each(cases)('%s', (_, change, reason) => {
    const last = images.at(-1)
    if (!last) throw new Error('no image')
    const machine = Machine.thaw(build, last, OPTIONS)
    const bad = () => machine.patch({ ...last, pages: new Map(), ...change(last) }, [])
    expect(bad).toThrow(ImageError)
    expect(bad).toThrow(reason)
  })

  it('never by what it says is gone: that lies inside the memory or nowhere', () => {
    const last = images.at(-1)
    if (!last) throw new Error('no image')
    const machine = Machine.thaw(build, last, OPTIONS)
    machine.patch({ ...last, pages: new Map() }, [1 << 20, 1 << 30])
    expect(machine.stateHash()).toBe(Machine.thaw(build, last, OPTIONS).stateHash())
  })
})
