// Frozen in the middle of a kernel's loops and recursion, in the callbacks of the program that calls it, in two instances.
import { agent } from 'sojourn/agent'

export default agent(async (self) => {
  const kernel = await self.kernel('counting')
  const other = await self.kernel('counting', { instance: 'other', memoryBytesMax: 1_048_576 })
  const out = []
  for (let i = 0; i < 4; i++) out.push([3, 1, 2].sort((a, b) => (kernel.fibonacci(11 + i), a - b)).join(''), kernel.sieve(9_000 + i), other.wave(5_000))
  out.push(kernel.calls(), other.calls(), kernel.mix(7, 2.5, -3), other.fibonacci(16), kernel.wide(2n ** 62n))
  kernel.memory.write(60_000, new Uint8Array([9, 8, 7]))
  out.push([...kernel.memory.read(59_999, 5)].join())
  for (const run of [() => kernel.divide(0), () => kernel.deep(1), () => kernel.fibonacci('x')]) try { out.push(run()) } catch (error) { out.push(error.message) }
  await new Promise((resolve) => setTimeout(resolve, 3))
  out.push(await Promise.all([1, 2, 3].map(async (n) => { await null; return (n % 2 ? kernel : other).sieve(n * 1_000) })), kernel.calls(), other.calls(), kernel.notANumber().toString(16))
  for (const line of out) console.log(line)
  return out.length
})
