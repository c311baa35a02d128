/** Programs that hand deep things to native functions: sources, texts, structures, chains; and those that wait in depth. */
import { asyncAttack, attack } from './attack.ts'

const source = (text: string): string => attack(`const text = ${text}`, 'typeof (0, eval)(text)')
const nested = (make: string, count: number): string => `let n = null; for (let i = 0; i < ${count}; i++) n = ${make}`

const SOURCES: Readonly<Record<string, string>> = {
  parentheses: source("'('.repeat(3000) + 1 + ')'.repeat(3000)"),
  'open parentheses': source("'('.repeat(1e5)"),
  arrays: source("'['.repeat(3000) + ']'.repeat(3000)"),
  'open arrays': source("'['.repeat(1e5)"),
  objects: source("'({a:'.repeat(2000) + 1 + '})'.repeat(2000)"),
  blocks: source("'{'.repeat(1e4) + '}'.repeat(1e4)"),
  'else if': source("'if (0) {} else '.repeat(1e4) + '{}'"),
  loops: source("'for (;;) '.repeat(1e4) + '{}'"),
  labels: source("Array.from({ length: 1e4 }, (_, i) => 'l' + i + ':').join('') + '{}'"),
  'unary operators': source("'!'.repeat(1e5) + 1"),
  'binary operators': source("'1+'.repeat(1e5) + 1"),
  powers: source("'1**'.repeat(2e4) + 1"),
  conditionals: source("'0?0:'.repeat(2e4) + 1"),
  assignments: source("'let a;' + 'a='.repeat(2e4) + 1"),
  calls: source("'String('.repeat(3000) + 1 + ')'.repeat(3000)"),
  members: source("'({})' + '.a?.b'.repeat(2e4)"),
  'computed members': source("'globalThis[' .repeat(3000) + 1 + ']'.repeat(3000)"),
  'new new': source("'new '.repeat(1e4) + 'Object'"),
  templates: source("('`$' + '{').repeat(2000) + 1 + '}`'.repeat(2000)"),
  'open templates': source("('`$' + '{').repeat(3e4)"),
  arrows: source("'a=>'.repeat(1e4) + 1"),
  'function expressions': source("'(function(){'.repeat(120) + '})'.repeat(120)"),
  'more function expressions': source("'(function(){'.repeat(2000) + '})'.repeat(2000)"),
  'function declarations': source("'function f(){'.repeat(1000) + '}'.repeat(1000)"),
  classes: source("'(class { a = '.repeat(500) + 1 + '})'.repeat(500)"),
  methods: source("'({ m() { return '.repeat(500) + 1 + '} })'.repeat(500)"),
  'async arrows': source("'async () => '.repeat(3000) + 1"),
  patterns: source("'var ' + '['.repeat(3000) + 'a' + ']'.repeat(3000) + ' = []'"),
  defaults: source("'(a = '.repeat(800) + '1' + ') => 1'.repeat(800)"),
  yields: source("'(function* () { ' + 'yield '.repeat(1e4) + '1 })'"),
  awaits: source("'(async function () { ' + 'await '.repeat(1e4) + '1 })'"),
  'try blocks': source("'try {'.repeat(3000) + '} catch {}'.repeat(3000)"),
  switches: source("'switch (1) { case 1: '.repeat(3000) + '}'.repeat(3000)"),
  'comma lists': source("'1,'.repeat(1e5) + 1"),
}

const EXPRESSIONS: Readonly<Record<string, string>> = {
  'regexp groups': attack("const text = '('.repeat(200) + 'a' + ')'.repeat(200)", "new RegExp(text).test('a')"),
  'regexp groups that capture nothing': attack(
    "const text = '(?:'.repeat(3e4) + 'a' + ')'.repeat(3e4)",
    "new RegExp(text).test('a')",
  ),
  'open regexp groups': attack('', "new RegExp('('.repeat(1e5))"),
  'regexp lookahead': attack("const text = '(?='.repeat(5000) + 'a' + ')'.repeat(5000)", "new RegExp(text).test('a')"),
  'regexp lookbehind': attack(
    "const text = '(?<='.repeat(3000) + 'a' + ')'.repeat(3000)",
    "new RegExp(text).test('a')",
  ),
  'regexp classes': attack("const text = '['.repeat(5000) + 'a' + ']'.repeat(5000)", "new RegExp(text, 'v').test('a')"),
  'regexp alternatives': attack("const text = 'a|'.repeat(3e4) + 'b'", "new RegExp(text).test('b')"),
  'regexp quantifiers': attack(
    "const text = '(?:'.repeat(500) + 'a' + '*)*'.repeat(500)",
    "new RegExp(text).test('a')",
  ),
  backtracking: attack('', "/(a|b)*c/.test('ab'.repeat(3e4))"),
  'backtracking with captures': attack('', "/^((a)|(b))*$/.test('ab'.repeat(2e4))"),
  'nested lookahead that backtracks': attack('', "/(?=(?:(?=(a*))a)*b)/.test('a'.repeat(300))"),
}

const STRUCTURES: Readonly<Record<string, string>> = {
  'JSON.parse arrays': attack(
    "const text = '['.repeat(5000) + ']'.repeat(5000)",
    'JSON.stringify(JSON.parse(text)).length',
  ),
  'JSON.parse open arrays': attack('', "JSON.parse('['.repeat(1e5))"),
  'JSON.parse objects': attack(`const text = '{"a":'.repeat(5000) + 1 + '}'.repeat(5000)`, 'typeof JSON.parse(text)'),
  'JSON.parse with reviver': attack(
    "const text = '['.repeat(2000) + ']'.repeat(2000)",
    'JSON.parse(text, (k, v) => (calls++, v))',
  ),
  'JSON.stringify arrays': attack(nested('[n]', 20_000), 'JSON.stringify(n)'),
  'JSON.stringify objects': attack(nested('{ n }', 20_000), 'JSON.stringify(n, null, 1)'),
  'JSON.stringify with replacer': attack(nested('{ n }', 20_000), 'JSON.stringify(n, (k, v) => (calls++, v))'),
  'JSON.stringify proxies': attack(nested('new Proxy([n], {})', 5000), 'JSON.stringify(n)'),
  'String of arrays': attack(nested('[n]', 20_000), 'String(n)'),
  'join of arrays': attack(nested('[n]', 20_000), "n.join('-')"),
  'toLocaleString of arrays': attack(nested('[n]', 20_000), 'n.toLocaleString()'),
  flat: attack(nested('[n]', 20_000), 'n.flat(Infinity).length'),
  structuredClone: attack(nested('{ n }', 20_000), 'structuredClone(n)'),
  'console.log': attack(nested('{ n }', 20_000), 'console.log(n)'),
  'prototype chain': attack('let n = null; for (let i = 0; i < 50000; i++) n = Object.create(n)', "'x' in n"),
  'proxy chain, get': attack('let n = {}; for (let i = 0; i < 20000; i++) n = new Proxy(n, {})', 'n.x'),
  'proxy chain, set': attack('let n = {}; for (let i = 0; i < 20000; i++) n = new Proxy(n, {})', 'n.x = 1'),
  'proxy chain, has': attack('let n = {}; for (let i = 0; i < 20000; i++) n = new Proxy(n, {})', "'x' in n"),
  'proxy chain, delete': attack('let n = {}; for (let i = 0; i < 20000; i++) n = new Proxy(n, {})', 'delete n.x'),
  'proxy chain, keys': attack('let n = {}; for (let i = 0; i < 20000; i++) n = new Proxy(n, {})', 'Object.keys(n)'),
  'proxy chain, define': attack(
    'let n = {}; for (let i = 0; i < 20000; i++) n = new Proxy(n, {})',
    "Object.defineProperty(n, 'x', {})",
  ),
  'proxy chain, prototype': attack(
    'let n = {}; for (let i = 0; i < 20000; i++) n = new Proxy(n, {})',
    'Object.getPrototypeOf(n)',
  ),
  'proxy chain, set prototype': attack(
    'let n = {}; for (let i = 0; i < 20000; i++) n = new Proxy(n, {})',
    'Object.setPrototypeOf(n, null)',
  ),
  'proxy chain, extensible': attack(
    'let n = {}; for (let i = 0; i < 20000; i++) n = new Proxy(n, {})',
    'Object.isExtensible(n)',
  ),
  'proxy chain, freeze': attack('let n = {}; for (let i = 0; i < 5000; i++) n = new Proxy(n, {})', 'Object.freeze(n)'),
  'proxy chain, call': attack('let n = () => 1; for (let i = 0; i < 20000; i++) n = new Proxy(n, {})', 'n()'),
  'proxy chain, new': attack('let n = class {}; for (let i = 0; i < 20000; i++) n = new Proxy(n, {})', 'new n()'),
  'proxy chain, isArray': attack(
    'let n = []; for (let i = 0; i < 20000; i++) n = new Proxy(n, {})',
    'Array.isArray(n)',
  ),
  'proxies in prototypes': attack(
    'let n = {}; for (let i = 0; i < 20000; i++) n = Object.create(new Proxy(n, {}))',
    "'x' in n",
  ),
  'bound constructors': attack('let n = class {}; for (let i = 0; i < 20000; i++) n = n.bind(null)', 'new n()'),
  'instanceof of bound': attack(
    'let n = class {}; for (let i = 0; i < 20000; i++) n = n.bind(null)',
    '({}) instanceof n',
  ),
  'freed lists': attack('{ let l = null; for (let i = 0; i < 2e5; i++) l = { l }; l = null }', '1'),
  'freed closures': attack(
    '{ let f = null; for (let i = 0; i < 1e5; i++) { const g = f; f = () => g } f = null }',
    '1',
  ),
  'freed promises': attack(
    '{ let p = Promise.resolve(); for (let i = 0; i < 2e4; i++) p = p.then(() => {}); p = null }',
    '1',
  ),
  'freed generators': attack(
    '{ let g = null; for (let i = 0; i < 2e4; i++) { const h = g; g = (function* () { yield h })(); g.next() } g = null }',
    '1',
  ),
  ropes: attack("let s = ''; for (let i = 0; i < 2e4; i++) s = 'a' + s + 'b'", "s.length + ':' + s.charCodeAt(5)"),
  'ropes that are compared': attack(
    "let s = '', t = ''; for (let i = 0; i < 5e4; i++) { s = 'a' + s; t = t + 'a' }",
    's === t',
  ),
  'big numbers': attack('', '(3n ** 5000n).toString().length'),
}

const WAITING: Readonly<Record<string, string>> = {
  'async functions': asyncAttack('const f = async () => { calls++; await f() }', 'f()'),
  'async functions that catch': asyncAttack(
    'const f = async () => { calls++; try { return await f() } catch (e) { throw e } }',
    'f()',
  ),
  'async functions under functions': asyncAttack(
    'const f = async () => { calls++; await f() }, g = (n) => n ? g(n - 1) : f(), all = []; for (let i = 0; i < 40; i++) all.push(g(i).catch(words))',
    'Promise.all(all)',
  ),
  'async functions in callbacks': asyncAttack('const f = async () => { calls++; await [1].map(f)[0] }', 'f()'),
  'async arrows in sort': asyncAttack('const f = async () => { calls++; [2, 1].sort(f) }', 'f()'),
  'async generators': asyncAttack('async function* g() { calls++; yield* g() }', 'g().next()'),
  'async generators, for await': asyncAttack(
    'async function* g() { calls++; for await (const x of g()) yield x }',
    'g().next()',
  ),
  'promise constructors': asyncAttack('const f = () => new Promise((r) => { calls++; r(f()) })', 'f()'),
  thenables: asyncAttack('const o = { get then() { calls++; return Promise.resolve(o) && undefined } }', 'o'),
  'promises of promises': asyncAttack(
    'let p = Promise.resolve(1); for (let i = 0; i < 2e4; i++) { const q = p; p = new Promise((r) => r(q)) }',
    'p',
  ),
  'rejections in depth': asyncAttack(
    'const f = () => { calls++; Promise.reject(1).catch(() => {}); f() }, g = async () => f()',
    'g()',
  ),
  'rejections nobody handles, in depth': asyncAttack(
    'const f = (n) => { calls++; if (calls % 50 === 0) Promise.reject(n); f(n + 1) }, g = async () => f(0)',
    'g()',
  ),
  'timers in depth': asyncAttack(
    'const f = () => { calls++; if (calls % 100 === 0) setTimeout(() => {}, 1); f() }, g = async () => f()',
    'g()',
  ),
  'console in depth': asyncAttack(
    'const f = () => { calls++; if (calls % 300 === 0) console.log(calls); f() }, g = async () => f()',
    'g()',
  ),
}

export const NESTING: Readonly<Record<string, string>> = { ...SOURCES, ...EXPRESSIONS, ...STRUCTURES, ...WAITING }
