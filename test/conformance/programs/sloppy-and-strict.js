busy(12_000)
function sloppyThis() { return typeof this }
function strictThis() { 'use strict'; return typeof this }
console.log(sloppyThis.call(1), strictThis.call(1), sloppyThis.call(null), strictThis.call(null), sloppyThis(), strictThis())
const scope = { a: 1, b: { c: 2 } }
with (scope) { busy(100); a = 5; var viaWith = b.c + a; with (b) { c = 9; viaWith += c } }
check('with', viaWith + scope.b.c, 25)
function hoisted() { return typeof later + typeof inner; var later = 1; { function inner() {} } }
console.log(hoisted(), typeof blockFunction, (() => { { function blockFunction() { return 1 } } return typeof blockFunction })())
const log = []
for (const run of [
  () => { 'use strict'; undeclared = 1 },
  () => { undeclaredSloppy = 1; log.push(delete globalThis.undeclaredSloppy) },
  () => { 'use strict'; Object.freeze([1])[0] = 2 },
  () => { Object.freeze([1])[0] = 2 },
  () => { 'use strict'; ({ get x() { return 1 } }).x = 2 },
  () => { 'use strict'; delete Object.prototype },
  () => { 'use strict'; 'text'.length = 1 },
  () => { 'text'.length = 1; 'text'[0] = 'x' },
  () => { 'use strict'; (function () { return arguments.callee })() },
  () => (function () { return typeof arguments.callee })(),
  () => { 'use strict'; NaN = 1 },
]) try { log.push(run()); busy(30) } catch (error) { log.push(error.name) }
console.log(log)
function mapped(a, b, c) { arguments[1] = 'changed'; a = 'also'; delete arguments[2]; c = 3; return [a, b, c, arguments.length, ...arguments] }
function unmapped(a, b = 2) { arguments[0] = 'changed'; return [a, arguments.length, b] }
console.log(mapped(1, 2, 3), unmapped(1), (function () { return [...arguments].reverse() })(1, 2), Object.prototype.toString.call((function () { return arguments })()))
var x = 1; { var x = 2 } ; let y = 1; { let y = 2 }
const tdz = () => { try { return z; let z } catch (e) { return e.name } }
console.log(x, y, tdz(), typeof undefinedName, (() => { try { typeof w; let w } catch (e) { return e.name } })())
label: for (var i = 0; i < 3; i++) { if (i === 1) continue label; for (let i = 10; i < 12; i++) busy(10) }
console.log(i, ((a, a2) => a + a2)(1, 2), (function (a, a) { return a })(1, 2), 0.1 + 010, '\101', void 0, typeof null, typeof function () {}, typeof class {})
console.log([] + [], [] + {}, 1 + '2', '3' * '4', null + 1, undefined + 1, true + true, [] == false, null == 0, null >= 0, NaN != NaN, '1' == 1, [1] == 1, null ?? 'd', 0 || 'e', '' && 'f', 0 ?? 'g')
let chain = null
console.log(chain?.a.b.c, chain?.[busy(5)], chain?.(1), ({ f: null }).f?.(), delete chain?.x, (chain ??= { n: 1 }).n, (chain.n ||= 5), (chain.n &&= 7), chain)
