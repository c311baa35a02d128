const log = []
class Matcher {
  static [Symbol.hasInstance](value) { busy(30); return value === 42 }
  get [Symbol.toStringTag]() { return 'Matched' }
  [Symbol.toPrimitive](hint) { busy(20); log.push(hint); return hint === 'number' ? 7 : hint }
  static [Symbol.match](text) { return `matched ${text}` }
  [Symbol.replace](text, by) { return `${text}→${by}` }
  [Symbol.search](text) { return text.length }
  [Symbol.split](text) { return [text, 'split'] }
  *[Symbol.iterator]() { for (let i = 0; i < 3; i++) { busy(30); yield i } }
}
const one = new Matcher()
check('instance', 42 instanceof Matcher)
check('tag', Object.prototype.toString.call(one), '[object Matched]')
console.log(+one, `${one}`, one + '', one * 2, log, 'abc'.match(Matcher), 'abc'.replace(one, 'x'), 'abc'.search(one), 'abc'.split(one))
console.log([...one], [].concat([1], Object.assign([2, 3], { [Symbol.isConcatSpreadable]: false }).length, { length: 2, 0: 'a', 1: 'b', [Symbol.isConcatSpreadable]: true }))
class Special extends Array { static get [Symbol.species]() { log.push('species'); return Plain } }
class Plain extends Array {}
const special = Special.of(1, 2, 3)
console.log(special.filter((x) => (busy(20), x > 1)).constructor.name, special.slice().constructor.name, special.concat([4]).constructor.name, log.filter((x) => x === 'species').length)
with_less: { const hidden = { [Symbol.unscopables]: { a: true }, a: 1 }; console.log(Object.keys(Array.prototype[Symbol.unscopables]).includes('flat'), hidden.a) }
const registry = Symbol.for('app')
check('registry', Symbol.for('app') === registry && Symbol.keyFor(registry), 'app')
check('description', Symbol('text').description, 'text')
check('anonymous', Symbol().description, undefined)
for (const run of [() => `${Symbol('x')}`, () => Symbol('x') + 1, () => new Symbol(), () => +Symbol.iterator]) try { run() } catch (error) { console.log(error.name) }
const bag = {}
for (let i = 0; i < 100; i++) bag[Symbol(`s${i}`)] = i
let sum = 0
for (const symbol of Object.getOwnPropertySymbols(bag)) sum += bag[symbol] + (busy(5) & 0)
check('symbols keep their order', sum, 4950)
console.log(Object.getOwnPropertySymbols(bag).at(-1).toString(), Object(registry) == registry, typeof Object(registry), JSON.stringify({ [registry]: 1, a: registry }))
console.log(Object.getOwnPropertyNames(Symbol).filter((name) => typeof Symbol[name] === 'symbol').sort())
