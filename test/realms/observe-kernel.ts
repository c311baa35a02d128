/** Runs kernels in a realm and tells everything that can be observed of them. For tests only. */
import { toHex } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/digest.ts'
import { instrumentKernel } from '../../src/engine/instrument/kernel.ts'
import { Kernel, type KernelOutcome } from '../../src/engine/kernels.ts'

/** Request: for each kernel, its length in 4 bytes and its bytes. Answer: JSON, one entry a kernel. */
export function answer(request: Uint8Array): Uint8Array {
  const said: object[] = []
  const view = new DataView(request.buffer, request.byteOffset, request.byteLength)
  for (let at = 0; at < request.length; ) {
    const length = view.getUint32(at)
    said.push(observe(request.slice(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return new TextEncoder().encode(JSON.stringify(said))
}

function observe(wasm: Uint8Array): object {
  const instrumented = instrumentKernel(wasm)
  if (!instrumented.ok) return { refused: instrumented.reason }
  const module = new WebAssembly.Module(instrumented.value)
  let kernel = new Kernel('k', module, { pagesMax: 8, seed: 1 })
  const FUEL = 3_000_000n
  const meter = { fuelLeft: FUEL, soft: 0n, depthLeft: 100_000 }
  const images: string[] = []
  const call = (name: string, ...args: (number | bigint)[]): string => {
    meter.soft = meter.fuelLeft - 997n
    let outcome = kernel.call(kernel.numberOf(name), args, meter)
    while (outcome.kind === 'suspended') {
      const image = kernel.freeze()
      images.push(bitsOf([...image.globals.values()]), toHex(image.suspended?.frames ?? new Uint8Array(0)))
      kernel = new Kernel('k', module, { pagesMax: 8, seed: 1 })
      kernel.thaw(image)
      meter.soft = meter.fuelLeft - 997n
      outcome = kernel.resume(meter)
    }
    return wordsOf(outcome)
  }
  const results: string[] = []
  const bits: string[] = []
  try {
    results.push(call('run', 2, 5n))
    // What came out as a NaN goes in again, and its bits come out as an integer.
    for (let i = 0; i < 40 && kernel.numberOf('give') >= 0; i++) {
      const outcome = kernel.call(kernel.numberOf('give'), [i], meter)
      results.push(wordsOf(outcome))
      if (kernel.numberOf('bits') >= 0) bits.push(call('bits', i))
      if (outcome.kind === 'value')
        results.push(call('take', outcome.value ?? 0), call('takeSingle', outcome.value ?? 0))
    }
  } catch (error) {
    results.push(error instanceof Error ? error.name : 'thrown')
  }
  const { pages, globals } = kernel.freeze()
  return {
    instrumented: toHex(sha256(instrumented.value)),
    results,
    bits,
    fuel: String(FUEL - meter.fuelLeft),
    freezes: images.length / 2,
    images: toHex(sha256(new TextEncoder().encode(images.join()))),
    globals: bitsOf([...globals.values()]),
    memory: [...pages].map(([page, bytes]) => `${page} ${toHex(sha256(bytes))}`),
  }
}

function wordsOf(outcome: KernelOutcome): string {
  if (outcome.kind !== 'value') return outcome.kind === 'error' ? outcome.error : outcome.kind
  return typeof outcome.value === 'number' ? bitsOf([outcome.value]) : String(outcome.value)
}

const bitsOf = (values: readonly (number | bigint)[]): string =>
  values
    .map((value) => (typeof value === 'bigint' ? `${value}n` : toHex(new Uint8Array(Float64Array.of(value).buffer))))
    .join()
