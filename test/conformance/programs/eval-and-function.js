const outside = 'outer'
const local = () => { const hidden = 7; return eval('hidden + busy(10) * 0') }
check('direct', local(), 7)
const indirect = eval
check('indirect', (() => { const hidden = 1; try { return indirect('typeof hidden') } catch (e) { return e.name } })(), 'undefined')
console.log(eval('1;;;'), eval('{ a: 1 }'), eval('({ a: 1 })').a, eval(''), eval(5), eval('var leaked = 3; leaked'), typeof leaked, (() => { 'use strict'; eval('var kept = 1'); return typeof kept })())
const add = new Function('a', 'b = 2', '...rest', 'for (var i = 0, s = a + b; i < 500; i++) s += 0; return s + rest.length')
console.log(add(1), add(1, 5, 0, 0), add.name, add.length, String(add).split('\n')[0], Function('return this')() === globalThis, Function()())
for (const source of ['1 +', 'let a; let a', 'return 1', 'break', '"use strict"; with ({}) {}', 'await 1', 'yield', 'a => { } ()', 'var x = 08n', '({ a: 1, a: 2 })', '/[/', '`${', 'new.target', 'super.x', 'for (let x of [], []) ;', 'import x from "y"', 'const q']) { busy(60); try { console.log(source, '→', typeof eval(source)) } catch (error) { console.log(source, '→', error.name) } }
const Async = (async () => {}).constructor, Generator = (function* () {}).constructor
console.log(await new Async('x', 'await null; return x * 2')(21), [...new Generator('n', 'for (let i = 0; i < n; i++) yield i')(4)])
const compile = (expression) => Object.assign(new Function('x', `return ${expression}`), { expression })
let total = 0
for (let i = 1; i <= 25; i++) total += compile(`x * ${i} + ${i % 3 ? 'Math.abs(-1)' : '[x].length'}`)(i)
check('compiled', total, 5525 + 25)
const machine = (code) => { const stack = []; for (const word of code.split(' ')) { busy(15); const op = { '+': (b, a) => a + b, '*': (b, a) => a * b, '-': (b, a) => a - b }[word]; stack.push(op ? op(stack.pop(), stack.pop()) : Number(word)) } return stack.pop() }
check('words', machine('3 4 + 5 * 2 - 10 *'), 330)
const parse = (tokens) => { const term = () => { const t = tokens.shift(); if (t === '(') { const e = sum(); tokens.shift(); return e } return Number(t) }; const product = () => { let x = term(); while ('*/'.includes(tokens[0] ?? ' ')) x = tokens.shift() === '*' ? x * term() : x / term(); return x }; const sum = () => { let x = product(); while ('+-'.includes(tokens[0] ?? ' ')) x = tokens.shift() === '+' ? x + product() : x - product(); return x }; return sum() }
const expression = '(1+2)*(3+4*(5-(6-7)))/3-((8))'
check('parser', parse(expression.match(/\d+|[()+*/-]/g)), eval(expression))
console.log(outside, eval('outside'), (function () { return eval('this') === this }).call({}), eval('(function(){ return typeof arguments })()'), eval('"\\u{61}\\x62"'))
