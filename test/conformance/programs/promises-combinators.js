const later = (ms, value) => new Promise((resolve, reject) => setTimeout(() => (value instanceof Error ? reject(value) : resolve(value)), ms))
const out = []
out.push(await Promise.all([1, later(5, 'b'), { then: (resolve) => resolve(busy(50) & 1) }]))
out.push((await Promise.allSettled([later(3, new Error('x')), later(1, 2), 3])).map(({ status, value, reason }) => `${status}:${value ?? reason.message}`))
out.push(await Promise.race([later(9, 'slow'), later(2, 'quick'), new Promise(() => {})]))
out.push(await Promise.any([later(1, new Error('no')), later(4, 'any')]))
try { await Promise.any([later(1, new Error('e1')), Promise.reject(new RangeError('e2'))]) } catch (error) { out.push(`${error.name} ${error.errors.map(String)}`) }
try { await Promise.all([later(6, 1), later(2, new Error('first fails')), later(1, 2)]) } catch (error) { out.push(error.message) }
const { promise, resolve, reject } = Promise.withResolvers()
setTimeout(() => { resolve('once'); reject(new Error('ignored')); resolve('ignored') }, 3)
out.push(await promise.finally(() => { busy(100); return 'not taken' }))
out.push(await Promise.reject(new Error('rescued')).catch((error) => error.message).then((m) => `${m}!`))
out.push(await Promise.reject(1).finally(() => { throw new Error('finally wins') }).catch((error) => error.message))
out.push(await (typeof Promise.try === 'function' ? Promise.try((a) => { if (a) throw new Error('tried') }, 1).catch((e) => e.message) : 'tried'))
class Counted extends Promise { static made = 0; constructor(run) { super(run); Counted.made++ } }
out.push((await Counted.all([Counted.resolve(1), 2])).length, Counted.made > 3, Counted.resolve(1).then(() => {}) instanceof Counted)
const self = new Promise((resolve) => setTimeout(() => resolve(self), 1))
try { await self } catch (error) { out.push(error.name) }
let chain = Promise.resolve(0)
for (let i = 0; i < 200; i++) chain = chain.then((n) => n + (busy(10), 1))
out.push(await chain)
check('chain', out.at(-1), 200)
out.push((await Promise.all(Array.from({ length: 60 }, async (_, i) => { await later(i % 7); busy(30); return i }))).reduce((a, b) => a + b))
check('sum', out.at(-1), 1770)
for (const line of out) console.log(line)
