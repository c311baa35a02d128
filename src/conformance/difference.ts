/** Where two states part: the first field, page and byte, for people. */
import { equalBytes } from '../base/bytes.ts'
import type { Cid } from '../base/digest.ts'
import { openCheckpoint } from '../checkpoint/open.ts'
import type { MachineImage } from '../engine/image.ts'
import type { Packed } from './place.ts'
import type { Leg } from './protocol.ts'

/** Of two ends; null where they are equal. */
export function endDifference(expected: Leg, actual: Leg): string | null {
  const [result, other] = [JSON.stringify(expected.stop), JSON.stringify(actual.stop)]
  if (result !== other) return `result: ${show(result)} / ${show(other)}`
  const line = expected.console.findIndex((text, i) => text !== actual.console[i])
  if (line >= 0) return `console line ${line + 1}: ${show(expected.console[line])} / ${show(actual.console[line])}`
  const rows = [
    ['console lines', expected.console.length, actual.console.length],
    ['fuel', expected.fuel, actual.fuel],
    ['clock', expected.clockMs, actual.clockMs],
    ['state hash', expected.stateHash, actual.stateHash],
  ] as const
  const row = rows.find(([, a, b]) => a !== b)
  return row ? `${row[0]}: ${show(row[1])} / ${show(row[2])}` : null
}

/** Of two checkpoints whose roots differ. */
export async function checkpointDifference(expected: Packed | null, actual: Packed | null): Promise<string> {
  if (expected === null || actual === null) return `a checkpoint: ${expected !== null} / ${actual !== null}`
  return imageDifference(await open(expected), await open(actual)) ?? 'equal images under different roots'
}

async function open({ head, blocks }: Packed): Promise<MachineImage> {
  const byName = new Map(head.cids.map((cid, i) => [cid, blocks[i]]))
  const opened = await openCheckpoint(head.root as Cid, async (cid) => byName.get(cid) ?? null)
  if (!opened.ok) throw new Error(`the checkpoint does not open: ${opened.reason}`)
  return opened.value
}

/** Null where they are equal in all that a checkpoint has. */
export function imageDifference(a: MachineImage, b: MachineImage): string | null {
  const { kernels: kernelsA, ...machineA } = a
  const { kernels: kernelsB, ...machineB } = b
  const machine = memoryDifference(machineA, machineB)
  if (machine !== null) return machine
  if (kernelsA.length !== kernelsB.length) return `kernels: ${kernelsA.length} / ${kernelsB.length}`
  for (const [i, kernel] of kernelsA.entries()) {
    const other = kernelsB[i]
    const found = other === undefined ? 'missing' : memoryDifference(kernel, other)
    if (found !== null) return `kernel ${kernel.name}: ${found}`
  }
  return null
}

function memoryDifference<T extends Pick<MachineImage, 'pages'>>(a: T, b: T): string | null {
  const others = new Map<string, unknown>(Object.entries(b))
  for (const [name, value] of Object.entries(a)) {
    if (name === 'pages') continue
    const [one, other] = [text(value), text(others.get(name))]
    if (one !== other) return `${name}: ${show(one)} / ${show(other)}`
  }
  return pageDifference(a.pages, b.pages)
}

function pageDifference(a: MachineImage['pages'], b: MachineImage['pages']): string | null {
  for (const index of [...new Set([...a.keys(), ...b.keys()])].sort((x, y) => x - y)) {
    const [one, other] = [a.get(index), b.get(index)]
    if (one === undefined || other === undefined)
      return `page ${index} differs from the base image: ${one !== undefined} / ${other !== undefined}`
    if (equalBytes(one, other)) continue
    const at = one.findIndex((byte, i) => byte !== other[i])
    return `page ${index} byte ${at}: ${one[at]} / ${other[at]}`
  }
  return null
}

const text = (value: unknown): string => JSON.stringify(value, plain) ?? 'undefined'

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Map || value instanceof Uint8Array ? [...value] : value
}

const SHOWN_LENGTH_MAX = 160
const show = (value: unknown): string => {
  const shown = typeof value === 'string' ? value : String(value)
  return shown.length > SHOWN_LENGTH_MAX ? `${shown.slice(0, SHOWN_LENGTH_MAX)}…` : shown
}
