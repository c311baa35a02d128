// Frozen in the middle of a kernel's loops and recursion, and in the callbacks of the program that calls it.
globalThis.__agent = async () => {
  const names = __sojourn.kernels().counting
  const open = (instance, memoryBytesMax) => {
    const id = __sojourn.kernelOpen('counting', instance, memoryBytesMax)
    return [id, (name, ...args) => __sojourn.kernelCall(id, names.indexOf(name), ...args)]
  }
  const [id, call] = open('', 0)
  const [, other] = open('other', 2 ** 20)
  const out = []
  for (let i = 0; i < 4; i++) out.push([3, 1, 2].sort((a, b) => (call('fibonacci', 11 + i), a - b)).join(''), call('sieve', 9_000 + i), call('wave', 5_000), other('sieve', 3_000 + i))
  out.push(call('calls'), call('mix', 7, 2.5, -3), call('fibonacci', 16))
  __sojourn.kernelWrite(id, 60_000, new Uint16Array([9, 8, 7]))
  const read = new Uint8Array(8)
  __sojourn.kernelRead(id, 59_999, read)
  out.push(read.join(), other('calls'))
  try { call('divide', 0) } catch (error) { out.push(error.message) }
  try { call('deep', 1) } catch (error) { out.push(error.message) }
  await new Promise((resolve) => setTimeout(resolve, 3))
  out.push(await Promise.all([1, 2, 3].map(async (n) => { await null; return call('sieve', n * 1_000) })), call('calls'), call('notANumber').toString(16))
  for (const line of out) console.log(line)
  return out.length
}
