const sumTo = (n) => (n === 0 ? (busy(60_000), 0) : n + sumTo(n - 1))
check('sum', sumTo(2000), 2001000)
const isEven = (n) => (n === 0 ? (busy(20_000), true) : isOdd(n - 1)), isOdd = (n) => (n === 0 ? false : isEven(n - 1))
check('mutual', isEven(2400))
let nested = '1'
for (let i = 0; i < 700; i++) nested = `[${nested}]`
const tree = JSON.parse(nested)
check('parsed', JSON.stringify(tree), nested)
let depth = 0
for (let node = tree; Array.isArray(node); node = node[0]) depth++
check('nested', depth, 700)
const guarded = (n) => { try { return n === 0 ? (busy(20_000), 0) : guarded(n - 1) + 1 } finally { depth-- } }
check('guarded', guarded(1200), 1200)
check('finally', depth, 700 - 1201)
const climb = (n) => { if (n === 900) { busy(20_000); throw new RangeError('from the bottom') } return climb(n + 1) }
try { climb(0) } catch (error) { console.log(error.message, error.stack.split('\n').length > 3) }
const walk = function* (n) { if (n > 0) { yield n; yield* walk(n - 1) } }
let walked = 0
for (const n of walk(60)) walked += n
check('delegated', walked, 1830)
const waits = async (n) => (n === 0 ? (busy(5_000), 0) : (await waits(n - 1)) + 1)
check('awaited', await waits(300), 300)
let most = 0
const forever = (n) => { most = n; return forever(n + 1) + 1 }
try { forever(0) } catch (error) { console.log(error instanceof RangeError, most > 1000) }
console.log(depth, walked)
