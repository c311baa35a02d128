const makers = []
for (let i = 0, step = () => i++; i < 12; step(), i++) { makers.push({ read: () => i, step }); busy(20) ; if (i > 20) break; i = i }
console.log(makers.map((one) => one.read()).join(), makers.length)
var shared = []
for (var v = 0; v < 4; v++) shared.push(() => v)
for (const key of ['a', 'b']) { const held = key + busy(10); shared.push(() => held.length > 0 && key) }
console.log(shared.map((f) => f()))
const counter = (() => { let n = 0; return { up: () => ++n, down: () => --n, get value() { return n }, reset: (to = 0) => { n = to } } })()
for (let i = 0; i < 50; i++) i % 3 ? counter.up() : counter.down()
check('counter', counter.value, 16)
const once = (f) => { let done = false, value; return (...args) => (done ? value : ((done = true), (value = f(...args)))) }
let runs = 0
const first = once(() => (busy(100), ++runs))
check('once', first() + first() + first(), 3)
const compose = (...fs) => (x) => fs.reduceRight((v, f) => f(v), x)
const pipeline = compose(...Array.from({ length: 40 }, (_, i) => (x) => (x * 3 + i + (busy(5) & 0)) % 1009))
console.log(pipeline(1), pipeline(2))
const memoize = (f, cache = new Map()) => (n) => { if (!cache.has(n)) cache.set(n, f(n)); return cache.get(n) }
const fibonacci = memoize((n) => (n < 2 ? BigInt(n) : fibonacci(n - 1) + fibonacci(n - 2)))
check('fibonacci', fibonacci(60), 1548008755920n)
const nested = (a) => (b) => { let c = a + b; return { add: (d) => { c += d; return (e) => (c += e + a) }, c: () => c } }
const one = nested(1)(2), other = nested(10)(20)
one.add(3)(4); other.add(1)(1)
console.log(one.c(), other.c())
{ function inBlock() { return 'block' } var leaked = inBlock() }
console.log(leaked, typeof inBlock, (function () { return typeof hoisted; function hoisted() {} })())
const self = function me(n) { return n === 0 ? [] : [...me(n - 1), () => n + me.length] }
check('named', self(10).reduce((sum, f) => sum + f(), 0), 65)
const [get, set] = ((state) => [() => state, (next) => { const before = state; state = next; return before }])({ deep: [1] })
for (let i = 0; i < 30; i++) set({ deep: [i, get()] })
let depth = 0
for (let s = get(); s; s = s.deep[1]) depth++
check('states', depth, 31)
const defaults = (a, b = () => a, c = (a = 5, b())) => { var a; const before = a; a = 9; return [before, b(), c] }
console.log(defaults(1), ((x, y = (x++, x)) => [x, y])(1), eval('((p) => { var p = p ?? 2; return p })()'))
const bound = function (...args) { return [this?.tag, ...args].join() }.bind({ tag: 'bound' }, 1)
console.log(bound(2), new (function K() { this.arrow = () => this.x; this.x = busy(10) & 1 })().arrow() >= 0, bound.call({ tag: 'other' }, 3), bound.name, bound.length)
