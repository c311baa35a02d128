const trace = []
const tree = { date: new Date(0), nested: { list: [1, undefined, () => 1, Symbol('s'), NaN, -0, { toJSON(key) { busy(50); return `toJSON of ${key}` } }] }, skip: undefined, big: Object(5), bool: new Boolean(false), text: new String('boxed') }
console.log(JSON.stringify(tree), JSON.stringify(tree, ['nested', 'list'], '--'))
console.log(JSON.stringify(tree, function (key, value) { busy(30); trace.push(key); return key === 'date' ? this[key].getTime() : value }).length, trace)
const revived = JSON.parse('{"a":[1,{"b":2},[3,[4]]],"drop":1,"__proto__":5,"a\\u0062":"\\ud83d\\ude00\\u0007"}', function (key, value) { busy(40); trace.push(`${key}:${Array.isArray(this)}`); return key === 'drop' ? undefined : typeof value === 'number' ? value + 1 : value })
console.log(revived, Object.keys(revived), trace.length)
console.log(JSON.stringify('\u2028\ud800"\\\b\u007f'), JSON.stringify({ '\ud800': 1 }), JSON.stringify([,]), JSON.stringify(null), JSON.stringify(undefined), JSON.stringify(Object.create({ inherited: 1 })))
for (const bad of ['{', '[1,]', '{"a":1,}', '01', "'a'", '"\t"', 'nul', '1 2', '', '{"a"}', '\u00a01', '"\\x"', '-']) try { JSON.parse(bad); console.log('none', bad) } catch (error) { if (!(error instanceof SyntaxError)) console.log(error.name) }
const circle = { a: [] }; circle.a.push(circle)
try { JSON.stringify(circle) } catch (error) { console.log(error.name) }
try { JSON.stringify({ n: 1n }) } catch (error) { console.log(error.name) }
BigInt.prototype.toJSON = function () { return `${this}n` }
console.log(JSON.stringify({ n: 2n ** 70n }))
delete BigInt.prototype.toJSON
let deep = 'x'
for (let i = 0; i < 100; i++) deep = i % 2 ? [deep, i] : { [`k${i}`]: deep }
const text = JSON.stringify(deep)
check('round trip', JSON.stringify(JSON.parse(text)), text)
const rows = Array.from({ length: 150 }, (_, id) => ({ id, half: id / 2, name: `row "${id}"`, on: id % 2 === 0, none: null }))
check('rows', JSON.stringify(JSON.parse(JSON.stringify(rows, null, 2))), JSON.stringify(rows))
console.log(text.length, JSON.stringify([1e21, 1e-7, 0.1 + 0.2, 123456789.125, -1e300, 5e-324]), JSON.stringify({ a: [] , b: {} }, null, 20), JSON.stringify({ a: 1 }, null, 'twelve chars long'), JSON[Symbol.toStringTag])
