const sites = []
const tag = (strings, ...values) => { busy(30); sites.push(strings); return strings.raw.join('|') + values.join() }
const at = (n) => tag`a\n${n}b\u0041${n * 2}`
for (let i = 0; i < 40; i++) at(i)
check('one site, one array', sites.every((one) => one === sites[0]))
check('other site, other array', tag`x` === tag`x` && sites.at(-1) !== sites.at(-2))
check('raw', String.raw`\n${1}\t`, '\\n1\\t')
console.log(at(3), Object.isFrozen(sites[0]), Object.isFrozen(sites[0].raw), sites[0], tag`bad \u{zz} escape`, sites.at(-1)[0])
const fresh = Array.from({ length: 3 }, () => { const here = (s) => s; return here`same` })
check('same site in a closure', fresh[0] === fresh[1])
const source = [function plain(a, b = 1) { /* body */ return a }, (x) => x * 2, async () => {}, function* g() {}, class K { m() { return 1 } static #p = 2 }, { get acc() { return 1 } }.__lookupGetter__('acc'), { ['computed' + 1]() {} }.computed1, Math.max, function () {}.bind(null)]
for (const one of source) console.log(one.name, one.length, String(one).replace(/\s+/g, ' '))
let calls = 0
function self() { return typeof self === 'function' ? ++calls : 0 }
const renamed = self
check('self', renamed(), 1)
;(function named() { try { named = 1 } catch {} ; console.log(typeof named) })()
const curry = (f, ...bound) => (...rest) => (bound.length + rest.length >= f.length ? f(...bound, ...rest) : curry(f, ...bound, ...rest))
check('curry', curry((a, b, c, d) => a + b + c + d)(1)(2, 3)(4), 10)
const memo = new Map()
const partitions = (n, most = n) => { const key = `${n},${most}`; if (memo.has(key)) return memo.get(key); let total = n === 0 ? 1 : 0; for (let k = Math.min(n, most); k > 0; k--) total += partitions(n - k, k); memo.set(key, total); return total }
check('partitions', partitions(30), 5604)
function sloppy(a, b) { arguments[0] = 9; b = 8; return [a, arguments[1], arguments.length] }
function strict(a, b) { 'use strict'; arguments[0] = 9; b = 8; return [a, arguments[1], arguments.length] }
console.log(sloppy(1, 2, 3), strict(1, 2, 3), (() => { try { return eval('arguments.length') } catch (e) { return e.name } })())
console.log([].map.call('abc', (x) => x + x), Function.prototype.call.call(function () { return this }, 5).valueOf(), (function () { 'use strict'; return this })(), [1, 2, 3].map(parseInt).join())
