globalThis.__agent = async (input) => {
  const echoed = []
  const bytes = new Uint8Array(600).map((_, i) => i)
  const [text, number, binary, nested] = await Promise.all([__sojourn.call('echo', 'text ü'), __sojourn.call('echo', input.n), __sojourn.call('echo', bytes), __sojourn.call('echo', { deep: [{ bytes, none: null }] })])
  check('bytes', binary.length === 600 && binary[513] === bytes[513] && nested.deep[0].bytes[7] === 7)
  echoed.push(text, number)
  for (let i = 0; i < input.n; i++) { busy(800); const pending = __sojourn.call('echo', { i }); busy(400); echoed.push((await pending).i) }
  try { await __sojourn.call('forbidden', 1) } catch (error) { busy(200); echoed.push(`${error.code}: ${error.message}`) }
  const order = []
  await Promise.all([__sojourn.call('echo', 'a').then((v) => order.push(v)), new Promise((r) => setTimeout(r, 5)).then(() => order.push('timer')), __sojourn.call('echo', 'b').then((v) => order.push(v)), Promise.resolve().then(() => order.push('micro'))])
  console.log(echoed, order)
  const results = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => __sojourn.call(i % 5 ? 'echo' : 'unknown', i)))
  return { fulfilled: results.filter((one) => one.status === 'fulfilled').length, large: (await __sojourn.call('echo', 'z'.repeat(70_000))).length, order }
}
