const log = []
const boom = (at) => { let n = 0; return (...args) => { busy(25); if (++n === at) throw new Error(`at ${at}`); return args[0] } }
const attempts = {
  forEach: () => [1, 2, 3].forEach(boom(2)), map: () => [1, 2, 3].map(boom(3)), sort: () => [3, 2, 1, 0].sort(boom(2)), reduce: () => [1, 2, 3].reduce(boom(2)), from: () => Array.from({ length: 5 }, boom(4)), flatMap: () => [1, 2].flatMap(boom(2)),
  replace: () => 'aaa'.replace(/a/g, boom(2)), parse: () => JSON.parse('[1,[2,3]]', boom(3)), stringify: () => JSON.stringify({ a: [1, 2] }, boom(3)), toJSON: () => JSON.stringify({ toJSON: boom(1) }), mapForEach: () => new Map([[1, 1], [2, 2]]).forEach(boom(2)), setCtor: () => new Set({ [Symbol.iterator]: boom(1) }),
  getter: () => ({ get x() { return boom(1)() } }).x, setter: () => { ({ set x(v) { boom(1)(v) } }).x = 1 }, proxy: () => new Proxy({}, { get: boom(1) }).x, has: () => 'x' in new Proxy({}, { has: boom(1) }), keys: () => Object.keys(new Proxy({}, { ownKeys: boom(1) })),
  toPrimitive: () => +{ [Symbol.toPrimitive]: boom(1) }, valueOf: () => 1 + { valueOf: boom(1) }, toString: () => `${{ toString: boom(1) }}`, hasInstance: () => 1 instanceof { [Symbol.hasInstance]: boom(1) }, species: () => { class A extends Array { static get [Symbol.species]() { return boom(1)() } } new A(3).map((x) => x) },
  ctor: () => new (class { constructor() { boom(1)() } })(), staticBlock: () => { class A { static { boom(1)() } } }, field: () => new (class { x = boom(1)() })(), defaults: () => ((a = boom(1)()) => a)(), computed: () => ({ [boom(1)()]: 1 }), tag: () => boom(1)`x`, spread: () => [...{ [Symbol.iterator]: () => ({ next: boom(2) }) }].length,
  destructure: () => { const [a] = { [Symbol.iterator]: () => ({ next: () => ({ done: false }), return: boom(1) }) }; return a }, defineProperty: () => Object.defineProperty({}, 'x', { get enumerable() { return boom(1)() } }), regexp: () => { const r = /a/; r.exec = boom(1); return r.test('a') }, generator: () => [...(function* () { yield boom(1)() })()], bind: () => boom(1).bind(null)(), apply: () => Reflect.apply(boom(1), null, []), construct: () => Reflect.construct(class { constructor() { boom(1)() } }, []), typed: () => new Uint8Array(4).map(boom(3)), groupBy: () => Object.groupBy([1, 2], boom(2)), dateParse: () => new Date({ [Symbol.toPrimitive]: boom(1) }),
}
for (const [name, run] of Object.entries(attempts)) try { run(); log.push(`${name} passed`) } catch (error) { log.push(`${name} ${error.message}`) }
console.log(log.join('; '))
check('all threw but none else', log.filter((line) => !/ at \d$/.test(line)).length <= 2)
let outer = 0
for (let i = 0; i < 40; i++) try { [1, 2, 3].map((x) => [x].map((y) => { if (y === 2 && i % 2) throw i; return busy(10) })) } catch (n) { outer += n }
check('nested', outer, 400)
const rejected = await Promise.allSettled([Promise.resolve().then(boom(1)), new Promise(boom(1)), (async () => boom(1)())(), Promise.resolve({ then: boom(1) }), Promise.all({ [Symbol.iterator]: boom(1) }), Promise.reject(1).finally(boom(1))])
console.log(rejected.map((one) => one.reason?.message ?? one.status))
