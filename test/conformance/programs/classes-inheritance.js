const calls = []
class Base {
  constructor(name) { this.name = name; calls.push(new.target.name); this.setUp?.() }
  get label() { busy(40); return `<${this.name}>` }
  set label(value) { this.name = value.slice(1, -1) }
  static create(...args) { return new this(...args) }
  describe() { return `base ${this.name}` }
  [Symbol.toPrimitive](hint) { return hint === 'number' ? this.name.length : `${hint}:${this.name}` }
}
class Middle extends Base {
  extra = busy(50)
  setUp() { calls.push(`extra is ${this.extra}`) }
  get label() { return `${super.label}!` }
  set label(value) { super.label = value.slice(0, -1) }
  describe() { return `middle of ${super.describe()}` }
  static create(...args) { calls.push('create'); return super.create(...args) }
}
const mixin = (Parent) => class extends Parent { describe() { busy(30); return `mixed ${super.describe()}` } }
class Leaf extends mixin(mixin(Middle)) { constructor() { const arrow = () => super('leaf'); arrow() } }
let text = ''
for (let i = 0; i < 40; i++) { const one = i % 2 ? new Leaf() : Middle.create(`n${i}`); one.label = `<x${i}>!`; text = `${one.label} ${one.describe()} ${one} ${+one}` }
console.log(text, calls.length, calls.slice(0, 6))
check('chain', text, '<x39>! mixed mixed middle of base x39 string:x39 3')
class Stack extends Array { top() { return this.at(-1) } static get [Symbol.species]() { return Array } }
const stack = Stack.from([1, 2, 3])
check('species', stack.map((x) => (busy(20), x * 2)) instanceof Stack, false)
check('top', stack.top(), 3)
class Fault extends TypeError { constructor(m, o) { super(m, o); this.code = 'F' } get name() { return 'Fault' } }
const fault = new Fault('broken', { cause: 7 })
check('error', `${fault} ${fault.code} ${fault.cause} ${fault instanceof TypeError}`, 'Fault: broken F 7 true')
function Old(x) { if (!new.target) return new Old(x); this.x = x }
check('new.target', Old(4).x, 4)
check('construct', Reflect.construct(Old, [5], Leaf) instanceof Leaf)
const home = { greet() { return 'home' } }
const child = { __proto__: home, greet() { return `${super.greet()} child` } }
console.log(child.greet(), Object.setPrototypeOf({ greet: child.greet }, { greet: () => 'other' }).greet())
try { class Bad extends Base { constructor() {} } new Bad() } catch (error) { console.log(error.name) }
try { Base('x') } catch (error) { console.log(error.name) }
try { class Null extends null {} new Null() } catch (error) { console.log(error.name) }
