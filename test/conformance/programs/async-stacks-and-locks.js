class Mutex { #last = Promise.resolve(); async run(work) { const before = this.#last; let release; this.#last = new Promise((r) => (release = r)); await before; try { return await work() } finally { release() } } }
class Channel { #items = []; #takers = []; put(x) { const taker = this.#takers.shift(); taker ? taker(x) : this.#items.push(x) } take() { return this.#items.length > 0 ? Promise.resolve(this.#items.shift()) : new Promise((r) => this.#takers.push(r)) } async *[Symbol.asyncIterator]() { for (;;) { const x = await this.take(); if (x === null) return; yield x } } }
const sleep = (ms) => new Promise((r) => setTimeout(r, ms))
const mutex = new Mutex(), channel = new Channel(), log = []
let inside = 0
const workers = Array.from({ length: 8 }, async (_, id) => { for (let i = 0; i < 5; i++) await mutex.run(async () => { check('alone', ++inside, 1); busy(300); await sleep((id * 3 + i) % 4); inside--; log.push(`${id}${i}`) }) })
const producer = (async () => { for (let i = 0; i < 30; i++) { channel.put(i * i); if (i % 7 === 0) await sleep(2) } channel.put(null) })()
let sum = 0
for await (const x of channel) { busy(100); sum += x }
check('sum', sum, 8555)
await Promise.all([producer, ...workers])
console.log(log.join())
const limit = async (n, jobs) => { const out = [], left = jobs.entries(); await Promise.all(Array.from({ length: n }, async () => { for (const [i, job] of left) out[i] = await job() })); return out }
console.log(await limit(3, Array.from({ length: 12 }, (_, i) => async () => { await sleep((i * 5) % 7); return busy(i * 10) & 255 })))
const retry = async (times, run) => { for (let i = 1; ; i++) try { return await run(i) } catch (error) { if (i === times) throw new Error(`after ${i}`, { cause: error }); await sleep(2 ** i) } }
console.log(await retry(5, async (i) => { busy(200); if (i < 4) throw new Error('not yet'); return i }), await retry(2, async () => { throw new RangeError('never') }).catch((e) => `${e.message}: ${e.cause.name}`))
const timeout = (ms, p) => Promise.race([p, sleep(ms).then(() => { throw new Error('too late') })])
console.log(await timeout(50, sleep(5).then(() => 'in time')), await timeout(5, sleep(50)).catch((e) => e.message))
const deep = async (n) => { if (n === 0) return sleep(1).then(() => busy(100) & 0); const below = await deep(n - 1); try { return below + 1 } finally { await null } }
check('deep', await deep(40), 40)
const emitter = { on: new Map(), once(n) { return new Promise((r) => this.on.set(n, [...(this.on.get(n) ?? []), r])) }, emit(n, v) { for (const r of this.on.get(n) ?? []) r(v); this.on.delete(n) } }
setTimeout(() => emitter.emit('go', 'went'), 3)
console.log(await Promise.all([emitter.once('go'), emitter.once('go')]), emitter.on.size)
