function level3() { busy(300); throw new RangeError('deep', { cause: { code: 3 } }) }
const level2 = () => level3()
class Caller { level1() { return level2() } static make() { return new Caller().level1() } }
try { Caller.make() } catch (error) { console.log(error.stack, error.cause, Object.keys(error), error.propertyIsEnumerable('stack')) }
async function asyncDeep(n) { await null; busy(200); if (n === 0) throw new Error('after awaits'); return asyncDeep(n - 1) }
try { await asyncDeep(5) } catch (error) { console.log(error.stack) }
try { [1].map(function callback() { return JSON.parse('[1', () => 1) }) } catch (error) { console.log(error.name, error.stack.split('\n').length > 1) }
try { ({ get trap() { busy(50); return null.x } }).trap } catch (error) { console.log(error.name, error.stack.includes('get trap') || error.stack.includes('trap')) }
const aggregate = new AggregateError([new Error('a'), 'b', new AggregateError([1])], 'several', { cause: 'why' })
console.log(aggregate.errors.map(String), aggregate.message, aggregate.cause, aggregate instanceof Error, Object.getOwnPropertyNames(aggregate).sort())
for (const Kind of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) { const one = new Kind('m'); console.log(String(one), one.name === Kind.name, Object.prototype.toString.call(one), Kind('called') instanceof Kind, 'cause' in one) }
console.log(String(new Error()), new Error(undefined).hasOwnProperty('message'), Error.prototype.toString.call({ name: 'N', message: '' }), Error.prototype.toString.call({ message: 'only' }))
for (const run of [() => missing, () => null.a, () => undefined.b(), () => ({}).c(), () => { const k = 1; k = 2 }, () => { x; let x }, () => new (class { constructor() { this.#p } #p })().q.r, () => decodeURIComponent('%'), () => 'x'.repeat(-1), () => (1).toFixed(101), () => new Array(1.5), () => Symbol() + '', () => [].reduce((a) => a), () => new 5, () => 1 in 'x', () => { throw undefined }, () => { throw { toString() { return 'thrown object' } } }, () => structuredClone(() => 1)]) {
  try { run(); console.log('none') } catch (error) { busy(40); console.log(error === undefined ? 'undefined' : `${error.name ?? '-'}: ${error.message ?? error}`) }
}
let depth = 0
try { (function forever() { depth++; forever() })() } catch (error) { console.log(error.name, error.message, depth > 100) }
const wrapped = Array.from({ length: 12 }).reduce((cause, _, i) => new Error(`w${i}`, { cause }), 'root')
let text = ''
for (let e = wrapped; e instanceof Error; e = e.cause) text += e.message
check('causes', text, 'w11w10w9w8w7w6w5w4w3w2w1w0')
const proto = Object.create(Error.prototype); console.log(proto instanceof Error, String(Object.assign(proto, { name: 'Made', message: 'by hand' })), typeof Error.isError === 'function' ? Error.isError(proto) : false)
console.log([new Error('inspected')].length, typeof Error.captureStackTrace, Error.length, AggregateError.length)
