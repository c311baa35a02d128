class Ledger {
  static #made = 0
  static limits
  static { busy(900); this.limits = Object.freeze({ most: 40 }) }
  #entries = new Map()
  #log = []
  constructor() { Ledger.#made++ }
  #note(text) { this.#log.push(text + busy(30)) }
  get #total() { let sum = 0; for (const value of this.#entries.values()) { busy(10); sum += value } return sum }
  set #last(value) { this.#log.push(`last ${value}`) }
  add(name, value) {
    if (!(#entries in this)) throw new TypeError('not a ledger')
    this.#entries.set(name, (this.#entries.get(name) ?? 0) + value)
    this.#note(name)
    this.#last = value
    return this.#total
  }
  static merge(a, b) { const merged = new Ledger(); for (const one of [a, b]) for (const [k, v] of one.#entries) merged.add(k, v); return merged }
  static get made() { return Ledger.#made }
  get logged() { return this.#log.length }
}
const [a, b] = [new Ledger(), new Ledger()]
for (let i = 0; i < 60; i++) { a.add(`k${i % 7}`, i); b.add(`k${i % 5}`, -i) }
const merged = Ledger.merge(a, b)
check('made', Ledger.made, 3)
check('total', merged.add('x', 5), 5)
check('log', a.logged, 120)
let refused = ''
try { Ledger.prototype.add.call({}, 'x', 1) } catch (error) { refused = error.message }
check('brand', refused, 'not a ledger')
try { Ledger.merge({}, a) } catch (error) { check('private read', error instanceof TypeError) }
check('hidden', Reflect.ownKeys(a).length, 0)
check('frozen', Object.isFrozen(Ledger.limits))
const compute = `key${busy(100) & 1}`
class Fields { [compute] = busy(20); 'quoted name' = 2; static [`s${compute}`] = 3; 7 = 'seven'; fn = () => this['quoted name'] }
console.log(Object.keys(new Fields()), Object.getOwnPropertyNames(Fields).sort(), new Fields().fn(), merged.logged)
