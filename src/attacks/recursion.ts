/**
 * Programs that go as deep as they can by calling: JavaScript functions, and native ones that call back. Each prints what
 * it came to. `attempt` says how a piece of it ended, `calls` how far it got: both must be equal on every host.
 */
import { attack } from './attack.ts'

export const RECURSION: Readonly<Record<string, string>> = {
  plain: attack('function f() { calls++; f() }', 'f()'),
  'many arguments': attack(
    'function f(a, b, c, d, e, g, h) { calls++; return f(h, a, b, c, d, e, g) }',
    'f(1, 2, 3, 4, 5, 6, 7)',
  ),
  'many variables': attack(
    "const src = 'calls++; ' + Array.from({ length: 300 }, (_, i) => 'let v' + i + ' = ' + i).join(';') + '; return f()'; const f = new Function('f', 'return function () {' + src + '}'); let g; const h = () => g(); const t = Function('h', 'tick', 'return function f() { tick(); ' + Array.from({ length: 300 }, (_, i) => 'let v' + i + ' = ' + i).join(';') + '; return f() }'); g = t(h, () => calls++)",
    'g()',
  ),
  'a frame of 400 KiB': attack(
    "const big = Function('return function f(n) { ' + Array.from({ length: 50000 }, (_, i) => 'var v' + i).join(';') + '; return n ? f(n - 1) : 1 }')()",
    'big(5)',
  ),
  'a call of 60,000 arguments': attack(
    'const f = (...a) => { calls++; return f(...a) }, all = Array(60000).fill(1)',
    'f(...all)',
  ),
  'mutual recursion': attack('const f = () => { calls++; return g() }, g = () => f()', 'f()'),
  'arrow in arrow': attack('const f = (n) => (() => (() => { calls++; return f(n + 1) })())()', 'f(0)'),
  closures: attack('const f = (k) => { calls++; return f(() => k) }', 'f(null)'),
  'try, finally': attack('const f = () => { try { calls++; f() } finally { calls-- ; calls++ } }', 'f()'),
  'catch and go on': attack(
    'let n = 0; const f = () => { n++; try { f() } catch (e) { calls++; throw e } }',
    '(() => { try { f() } catch (e) { return n } })()',
  ),
  'catch and try again': attack(
    'let n = 0; const f = () => { n++; if (n > 20000) return; try { f() } catch { calls++; f() } }',
    'f()',
  ),
  constructors: attack('class A { constructor() { calls++; new A() } }', 'new A()'),
  'derived constructors': attack(
    'class A { constructor() { calls++; new B() } } class B extends A { constructor() { super() } }',
    'new B()',
  ),
  'class fields': attack('class A { x = (calls++, new A()) }', 'new A()'),
  'private methods': attack('class A { #f() { calls++; return this.#f() } g() { return this.#f() } }', 'new A().g()'),
  'static blocks': attack('const f = () => { class A { static { calls++; f() } } }', 'f()'),
  getters: attack('const o = { get x() { calls++; return this.x } }', 'o.x'),
  setters: attack('const o = { set x(v) { calls++; this.x = v } }', 'o.x = 1'),
  toString: attack("const o = { toString() { calls++; return '' + o } }", "'' + o"),
  valueOf: attack('const o = { valueOf() { calls++; return +o } }', '+o'),
  'Symbol.toPrimitive': attack('const o = { [Symbol.toPrimitive]() { calls++; return o + 1 } }', 'o + 1'),
  'keys that compute': attack('const o = { toString() { calls++; return ({})[o] } }', '({})[o]'),
  instanceof: attack('const C = { [Symbol.hasInstance]() { calls++; return 1 instanceof C } }', '1 instanceof C'),
  'Symbol.species': attack(
    'class A extends Array { static get [Symbol.species]() { calls++; return new A(1).map((x) => x).constructor } }',
    'new A(1).map((x) => x)',
  ),
  'Symbol.iterator': attack('const o = { [Symbol.iterator]() { calls++; return [...o] } }', '[...o]'),
  destructuring: attack('const o = { get a() { calls++; const { a } = o; return a } }', '(({ a }) => a)(o)'),
  'default parameters': attack('const f = (x = f()) => { return calls++ }, g = (x = (calls++, g())) => x', 'g()'),
  'spread of getters': attack('const o = { get a() { calls++; return { ...o } } }', '({ ...o })'),
  'tagged templates': attack('const f = () => { calls++; return f`a` }', 'f`a`'),
  apply: attack('const f = () => { calls++; return Reflect.apply(f, null, []) }', 'f()'),
  'call of call': attack('const f = () => { calls++; return f.call.call(f) }', 'f()'),
  construct: attack('function F() { calls++; Reflect.construct(F, []) }', 'new F()'),
  bound: attack('let f = () => ++calls; for (let i = 0; i < 20000; i++) f = f.bind(null)', 'f()'),
  'bound to itself': attack('function f() { calls++; return f.bind(this)() }', 'f()'),
  sort: attack('const f = () => { calls++; [2, 1].sort(f); return 0 }', 'f()'),
  map: attack('const f = () => { calls++; return [1].map(f) }', 'f()'),
  reduce: attack('const f = () => { calls++; return [1, 2].reduce(f) }', 'f()'),
  'Array.from': attack('const f = () => { calls++; return Array.from([1], f) }', 'f()'),
  flatMap: attack('const f = () => { calls++; return [1].flatMap(f) }', 'f()'),
  'typed array sort': attack('const f = () => { calls++; new Int8Array([2, 1]).sort(f); return 0 }', 'f()'),
  'Map.forEach': attack('const m = new Map([[1, 1]]), f = () => { calls++; m.forEach(f) }', 'f()'),
  'Object.groupBy': attack('const f = () => { calls++; Object.groupBy([1], f) }', 'f()'),
  replace: attack("const f = () => { calls++; return 'a'.replace(/a/, f) }", 'f()'),
  'replaceAll of text': attack("const f = () => { calls++; return 'a'.replaceAll('a', f) }", 'f()'),
  'RegExp.exec of its own': attack(
    "const r = /a/; r.exec = () => { calls++; return r[Symbol.replace]('a', 'b') }",
    "r[Symbol.replace]('a', 'b')",
  ),
  toJSON: attack('const o = { toJSON() { calls++; return JSON.stringify(o) } }', 'JSON.stringify(o)'),
  reviver: attack("const f = () => { calls++; return JSON.parse('[1]', f) }", 'f()'),
  'Date from objects': attack('const o = { valueOf() { calls++; return new Date(o).getTime() } }', 'new Date(o)'),
  eval: attack("globalThis.f = () => { calls++; return (0, eval)('f()') }", 'f()'),
  'direct eval': attack("const f = () => { calls++; return eval('f()') }", 'f()'),
  Function: attack("globalThis.f = () => { calls++; return new Function('return f()')() }", 'f()'),
  'proxy traps': attack('const p = new Proxy({}, { get: (t, k, r) => { calls++; return r[k] } })', 'p.x'),
  'proxy of apply': attack('const p = new Proxy(() => 1, { apply: () => { calls++; return p() } })', 'p()'),
  'proxy of construct': attack(
    'const p = new Proxy(class {}, { construct: () => { calls++; return new p() } })',
    'new p()',
  ),
  'proxy of ownKeys': attack(
    'const p = new Proxy({}, { ownKeys: () => { calls++; return Object.keys(p) } })',
    'Object.keys(p)',
  ),
  'proxy of getPrototypeOf': attack(
    'const p = new Proxy({}, { getPrototypeOf: () => { calls++; return Object.getPrototypeOf(p) } })',
    'Object.getPrototypeOf(p)',
  ),
  'Error.prepareStackTrace': attack(
    'Error.prepareStackTrace = () => { calls++; return new Error().stack }',
    'new Error().stack',
  ),
  generators: attack('function* g() { calls++; yield* g() }', 'g().next().value'),
  'generators in spread': attack('function* g() { calls++; yield [...g()] }', 'g().next().value'),
  'generator return': attack(
    'function* g() { try { yield 1 } finally { calls++; const h = g(); h.next(); h.return() } }',
    '(() => { const h = g(); h.next(); return h.return().value })()',
  ),
}
