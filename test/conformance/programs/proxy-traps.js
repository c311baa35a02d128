const seen = []
const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).filter((name) => typeof Reflect[name] === 'function').map((name) => [name, (...args) => { busy(60); seen.push(`${name} ${typeof args[1] === 'symbol' ? String(args[1]) : typeof args[1] === 'string' ? args[1] : ''}`.trim()); return Reflect[name](...args) }]))
function Target(x) { this.x = x; return this }
Target.own = 1
const proxy = new Proxy(Target, traps)
proxy.own; proxy.fresh = 2; 'own' in proxy; delete proxy.fresh
Object.keys(proxy); Object.getPrototypeOf(proxy); Object.setPrototypeOf(proxy, Function.prototype)
Object.isExtensible(proxy); Object.getOwnPropertyDescriptor(proxy, 'own'); Object.defineProperty(proxy, 'fixed', { value: 1, configurable: true })
for (const name in proxy) seen.push(`in ${name}`)
proxy.call({}, 1); new proxy(3); ({ ...proxy }); Object.preventExtensions(proxy); proxy instanceof proxy; JSON.stringify({ proxy }); Array.isArray(proxy)
console.log(seen.length, [...new Set(seen)].sort())
const watched = new Proxy([], { set(target, key, value, receiver) { busy(30); seen.push(`set ${String(key)}`); return Reflect.set(target, key, value, receiver) }, deleteProperty: (t, k) => (seen.push(`delete ${String(k)}`), delete t[k]) })
watched.push(1, 2, 3); watched.splice(1, 1); watched.sort((a, b) => (busy(20), b - a)); watched.length = 1
console.log(watched.length, seen.slice(-14))
const errors = []
for (const run of [
  () => { 'use strict'; new Proxy({}, { set: () => false }).x = 1 },
  () => Object.defineProperty(new Proxy({}, { defineProperty: () => false }), 'x', { value: 1 }),
  () => new Proxy(Object.freeze({ a: 1 }), { get: () => 2 }).a,
  () => Object.keys(new Proxy({}, { ownKeys: () => ['a', 'a'] })),
  () => Object.getPrototypeOf(new Proxy(Object.preventExtensions({}), { getPrototypeOf: () => Array.prototype })),
  () => 'a' in new Proxy(Object.freeze({ a: 1 }), { has: () => false }),
  () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); proxy.x },
]) try { run(); errors.push('none') } catch (error) { busy(10); errors.push(error.name) }
check('invariants', errors.join(), Array(7).fill('TypeError').join())
let layered = { depth: 0 }
for (let i = 0; i < 25; i++) layered = new Proxy(layered, { get: (target, key, receiver) => (key === 'depth' ? Reflect.get(target, key, receiver) + (busy(10), 1) : Reflect.get(target, key, receiver)) })
check('layers', layered.depth, 25)
console.log(Object.entries(new Proxy({ a: 1 }, { ownKeys: () => ['b', 'a', Symbol.iterator], getOwnPropertyDescriptor: (t, k) => ({ value: 1, enumerable: k !== "c", configurable: true, writable: true }) })).join())
