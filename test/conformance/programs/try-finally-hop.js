const trace = []
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
async function careful(level) {
  try {
    busy(400)
    if (level === 0) { await pause(2); throw new Error('at the bottom') }
    return await careful(level - 1)
  } catch (error) {
    busy(300)
    if (level === 3) throw new Error('wrapped', { cause: error })
    if (level === 6) return `recovered ${error.message} < ${error.cause?.message}`
    throw error
  } finally {
    busy(300)
    await pause(1)
    trace.push(level)
  }
}
console.log(await careful(8), trace)
const sync = () => {
  const out = []
  for (let i = 0; i < 12; i++) {
    try {
      busy(50)
      if (i % 4 === 0) continue
      if (i === 10) break
      if (i % 3 === 0) throw i
      out.push(`t${i}`)
    } catch (n) { try { busy(20); throw new Error(`again ${n}`) } catch { out.push(`c${n}`); continue } finally { out.push('i') } }
    finally { busy(40); out.push(`f${i}`) }
  }
  return out
}
check('sync', sync().join(' '), 'f0 t1 f1 t2 f2 c3 i f3 f4 t5 f5 c6 i f6 t7 f7 f8 c9 i f9 f10')
const winner = () => { try { return busy(10) && 'try' } finally { for (;;) { busy(10); break } } }
const override = () => { try { throw new Error('lost') } finally { return 'finally' } }
const loop = () => { let n = 0; for (;;) { try { return n } finally { if (++n < 5) continue } } }
const label = () => { block: { try { return 'try' } finally { break block } } return 'after' }
console.log(winner(), override(), loop(), label())
const disposed = []
class Held { constructor(name) { this.name = name } [Symbol.dispose]() { busy(60); disposed.push(this.name) } async [Symbol.asyncDispose]() { await pause(1); disposed.push(`async ${this.name}`) } }
{ using a = new Held('a'), b = new Held('b'); busy(100); disposed.push(`body ${a.name}${b.name}`) }
try { using c = new Held('c'); throw new Error('through') } catch (error) { disposed.push(error.message) }
console.log(disposed)
let x
try { ({ x = (() => { throw new Error('default') })() } = {}) } catch ({ message, ...rest }) { console.log(message, x, Object.keys(rest)) }
