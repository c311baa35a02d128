import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../base/assert.ts'
import { seededRandom } from '../base/random.ts'
import { loadEngine } from '../platform/node/engine-files.ts'
import { lendNativeHash } from '../platform/node/native-hash.ts'
import { lendNativeSignatures } from '../platform/node/native-signatures.ts'
import type { Assignment, Found } from './assignment.ts'
import { run } from './campaign.ts'
import { GROWTH_BYTES_MAX, INPUT_BYTES_MAX } from './limits.ts'
import { makeTargets } from './targets.ts'

/** The entry of a campaign's thread (assignment.ts). */
assert(parentPort, 'this file is the entry of a worker thread')
const { target: name, corpus, seed, inputs, board } = workerData as Assignment
lendNativeHash()
lendNativeSignatures()
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const numbers = new Int32Array(board, 0, 2)
const bytes = new Uint8Array(board, 8)
const onInput = (input: Uint8Array, index: number): void => {
  bytes.set(input.subarray(0, INPUT_BYTES_MAX))
  numbers[1] = input.length
  Atomics.store(numbers, 0, index + 1)
}

const heldBytes = (): number => {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const target = (await makeTargets(await loadEngine())).find((one) => one.name === name)
assert(target, `no target ${name}`)
// What is made once and stays, code above all, is made by then.
const warmUp = await run({ target, corpus, random: seededRandom(seed), inputs: Math.min(inputs, 200), onInput })
const before = heldBytes()
const report = warmUp.fault ? warmUp : await run({ target, corpus, random: seededRandom(seed), inputs, onInput })
const grownBytes = heldBytes() - before
const grown = grownBytes > GROWTH_BYTES_MAX ? `holds ${grownBytes} bytes more after ${inputs} inputs` : null
const found: Found = {
  ...report,
  fault: report.fault ?? (grown === null ? null : { input: new Uint8Array(), reason: grown }),
  grownBytes,
}
parentPort.postMessage(found)
