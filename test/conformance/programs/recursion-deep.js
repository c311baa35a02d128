const sumTo = (n) => (n === 0 ? (busy(500), 0) : n + sumTo(n - 1))
check('sum', sumTo(120), 7260)
const isEven = (n) => (n === 0 ? true : isOdd(n - 1)), isOdd = (n) => (n === 0 ? false : isEven(n - 1))
console.log(isEven(140), isOdd(77))
const hanoi = (n, from, to, by) => (n === 0 ? 0 : hanoi(n - 1, from, by, to) + 1 + hanoi(n - 1, by, to, from))
check('hanoi', hanoi(10, 'a', 'b', 'c'), 1023)
const Y = (f) => ((x) => f((v) => x(x)(v)))((x) => f((v) => x(x)(v)))
console.log(Y((self) => (n) => (n < 2 ? 1 : n * self(n - 1)))(20))
const tree = (depth) => (depth === 0 ? null : { left: tree(depth - 1), value: depth, right: tree(depth - 1) })
const walk = function* (node) { if (node) { yield* walk(node.left); yield node.value; yield* walk(node.right) } }
let total = 0
for (const value of walk(tree(8))) total += value
check('tree', total, 502)
const viaNative = (n) => (n === 0 ? busy(200) & 0 : [n].map((x) => viaNative(x - 1) + 1)[0])
check('through map', viaNative(30), 30)
const viaGetter = (n) => ({ get next() { return n === 0 ? busy(200) & 0 : viaGetter(n - 1).next + 1 } })
check('through getters', viaGetter(35).next, 35)
const viaReplace = (n) => (n === 0 ? '.' : 'x'.replace('x', () => viaReplace(n - 1) + '.'))
check('through replace', viaReplace(20).length, 21)
const viaSort = (n) => (n === 0 ? busy(200) & 0 : ([2, 1].sort(() => viaSort(n - 1) * 0 - 1), n))
console.log(viaSort(7))
const viaProxy = (n) => new Proxy({}, { get: (_, key) => (n === 0 ? busy(100) & 0 : viaProxy(n - 1)[key] + 1) })
check('through proxies', viaProxy(25).x, 25)
const viaJson = (n) => JSON.stringify({ toJSON: () => (n === 0 ? busy(100) & 0 : JSON.parse(viaJson(n - 1)) + 1) })
check('through JSON', viaJson(12), '12')
class Node { constructor(n) { busy(20); this.child = n > 0 ? new Node(n - 1) : null } get depth() { return this.child ? this.child.depth + 1 : 0 } toString() { return this.child ? `(${this.child})` : '' } }
check('constructors', new Node(40).depth, 40)
console.log(`${new Node(20)}`.length)
const viaAwait = async (n) => (n === 0 ? busy(100) & 0 : (await viaAwait(n - 1)) + 1)
check('through await', await viaAwait(60), 60)
const ackermann = (m, n) => (m === 0 ? n + 1 : n === 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1)))
console.log(ackermann(2, 14))
let caught = 0
const recover = () => { try { recover() } catch { caught++ } }
recover()
console.log(caught > 0, (() => { try { const f = () => f(); f() } catch (e) { return e instanceof RangeError } })())
let flat = []
for (let i = 0; i < 60; i++) flat = [flat]
console.log(flat.flat(Infinity).length)
