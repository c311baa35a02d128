// Frozen in the middle of a kernel's loops and recursion, and in the callbacks of the program that calls it.
globalThis.__agent = async () => {
  const call = (name, ...args) => __sojourn.kernelCall('counting', name, ...args)
  const out = []
  for (let i = 0; i < 4; i++) out.push([3, 1, 2].sort((a, b) => (call('fibonacci', 11 + i), a - b)).join(''), call('sieve', 9_000 + i), call('wave', 5_000))
  out.push(call('calls'), call('mix', 7, 2.5, -3), call('fibonacci', 16))
  __sojourn.kernelWrite('counting', 90_000, new Uint8Array([9, 8, 7]))
  out.push([...__sojourn.kernelRead('counting', 89_999, 5)].join())
  try { call('divide', 0) } catch (error) { out.push(error.message) }
  try { call('deep', 1) } catch (error) { out.push(error.message) }
  await new Promise((resolve) => setTimeout(resolve, 3))
  out.push(await Promise.all([1, 2, 3].map(async (n) => { await null; return call('sieve', n * 1_000) })), call('calls'), call('notANumber').toString(16))
  for (const line of out) console.log(line)
  return out.length
}
