const trace = []
function* guarded(name) {
  try {
    for (let i = 0; ; i++) {
      try { const sent = yield `${name}${i}`; trace.push(`sent ${sent} ${busy(60) & 7}`) }
      catch (error) { trace.push(`caught ${error.message}`); if (error.message === 'stop') return 'stopped' }
    }
  } finally {
    busy(100)
    trace.push(`finally ${name}`)
    yield `cleaning ${name}`
    trace.push(`cleaned ${name}`)
  }
}
const one = guarded('a')
check('first', one.next('ignored').value, 'a0')
check('second', one.next('x').value, 'a1')
check('thrown', one.throw(new Error('soft')).value, 'a2')
check('return into finally', one.return('early').value, 'cleaning a')
const end = one.next()
check('return value', `${end.value} ${end.done}`, 'early true')
const two = guarded('b')
two.next()
check('stop', two.throw(new Error('stop')).value, 'cleaning b')
check('after stop', two.next().value, 'stopped')
function* outer() {
  try { const result = yield* guarded('c'); trace.push(`inner returned ${result}`); yield 'outer goes on' }
  finally { trace.push('outer finally'); return 'overridden' }
}
const three = outer()
three.next(); three.next('deep')
console.log(three.throw(new Error('stop')), three.next(), three.return('lost'), three.next())
function* overridden() { try { yield 1; throw new Error('lost') } finally { return busy(10) & 1 } }
console.log([...overridden()], overridden().next())
const broken = { [Symbol.iterator]() { let n = 0; return { next: () => ({ value: n++, done: false }), return() { trace.push(`closed at ${n}`); return {} } } } }
for (const n of broken) { busy(50); if (n === 3) break }
outer: for (const a of broken) for (const b of broken) { busy(20); if (a + b === 4) continue outer; if (a === 2) break outer }
const [p, q, ...none] = (function* () { yield 1 })()
console.log(p, q, none, [...(function* () { yield* [3, 2]; yield* 'hi'; yield* new Set([busy(5)]) })()])
try { for (const x of broken) throw new Error(`from body ${x}`) } catch (error) { console.log(error.message) }
const running = (function* () { running.next() })()
try { running.next() } catch (error) { console.log(error.name) }
console.log(trace.length, trace)
