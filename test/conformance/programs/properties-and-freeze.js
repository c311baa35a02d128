const log = []
const gauge = Object.defineProperties({}, {
  level: { get() { busy(60); log.push('get'); return this._level ?? 0 }, set(v) { busy(60); log.push(`set ${v}`); this._level = v }, enumerable: true, configurable: true },
  _level: { writable: true, enumerable: false, value: undefined },
  fixed: { value: 1 },
})
for (let i = 0; i < 30; i++) gauge.level += i
check('level', gauge.level, 435)
gauge.level ||= 5; gauge.level &&= 6; gauge.level ??= 7; gauge.level++; gauge['lev' + 'el'] **= 2
console.log(gauge.level, log.length, Object.keys(gauge), JSON.stringify(gauge), { ...gauge })
const child = Object.create(gauge, { own: { get: () => 'own', enumerable: true } })
child.level = 3
console.log(child.level, gauge.level, Object.hasOwn(child, '_level'), Object.getOwnPropertyNames(child))
const describe = (o, k) => { const d = Object.getOwnPropertyDescriptor(o, k); return d && Object.entries(d).map(([n, v]) => `${n}=${typeof v === 'function' ? 'f' : v}`).join() }
console.log(describe(gauge, 'level'), describe(gauge, 'fixed'), describe(class { static m() {} }, 'm'), describe([1], 'length'), describe(function f() {}, 'name'), describe('ab', 0))
Object.defineProperty(gauge, 'level', { enumerable: false }); console.log(describe(gauge, 'level'))
for (const change of [{ value: 2 }, { writable: true }, { get() {} }, { enumerable: true }, { value: 1 }, { writable: false }]) try { Object.defineProperty(gauge, 'fixed', change); console.log('allowed') } catch (error) { busy(20); console.log(error.name) }
const deep = (o) => { Object.values(o).filter((v) => typeof v === 'object').forEach(deep); return Object.freeze(o) }
const frozen = deep({ a: { b: [1, { c: 2 }] }, d: new Date(0), m: new Map([[1, 2]]) })
frozen.a.b.length = 0; frozen.a.x = 1; frozen.d.setTime(5); frozen.m.set(3, 4)
console.log(frozen, Object.isFrozen(frozen.a.b[1]), Object.isSealed(frozen), Object.isFrozen('text'), Object.isFrozen({}), Object.isFrozen(Object.preventExtensions({})))
const proto = { get inherited() { return this.tag }, method() { return `${this.tag} m` } }
const many = Array.from({ length: 80 }, (_, i) => Object.setPrototypeOf({ tag: i }, i % 2 ? proto : { ...proto, tag: 'x' }))
check('proto', many.reduce((sum, one) => sum + (one.inherited ?? 0) + one.method().length, 0), many.reduce((sum, one, i) => sum + (i % 2 ? i : 0) + String(one.tag).length + 2, 0))
console.log({ __proto__: proto }.method(), { ['__proto__']: 1 }.hasOwnProperty('__proto__'), Object.getPrototypeOf({ '__proto__': null }), proto.__defineGetter__('late', () => 'late') ?? proto.late, proto.__lookupGetter__('late').name)
try { Object.setPrototypeOf(proto, Object.create(proto)) } catch (error) { console.log(error.name) }
console.log(Object.assign({}, 'ab', [9], null, { get g() { return busy(5) & 0 } }), Object.entries({ b: 1, a: 2 }), Object.fromEntries([['x', 1]]), Object.is(NaN, NaN), Object.is(0, -0), Object.getOwnPropertySymbols({ [Symbol.iterator]: 1 }).length)
const counter = { n: 0, valueOf() { return ++this.n }, toString() { return `s${++this.n}` } }
console.log(counter + 1, `${counter}`, counter * 2, counter == 4, [counter] + '', counter > 1, counter.n)
