const parse = (source) => { const tokens = source.match(/[()]|[^\s()]+/g); const read = () => { const t = tokens.shift(); if (t === '(') { const list = []; while (tokens[0] !== ')') list.push(read()); tokens.shift(); return list } return Number.isNaN(Number(t)) ? t : Number(t) }; const all = []; while (tokens.length) all.push(read()); return all }
class Env { #vars; constructor(names = [], values = [], outer = null) { this.#vars = new Map(names.map((n, i) => [n, values[i]])); this.outer = outer } find(name) { if (this.#vars.has(name)) return this; if (!this.outer) throw new ReferenceError(name); return this.outer.find(name) } get(name) { return this.find(name).#vars.get(name) } set(name, value) { this.#vars.set(name, value); return value } assign(name, value) { this.find(name).#vars.set(name, value); return value } }
const globals = new Env(['+', '-', '*', '<', '=', 'list', 'car', 'cdr', 'cons', 'null?', 'mod', 'display'], [(...a) => a.reduce((x, y) => x + y), (a, b) => a - b, (...a) => a.reduce((x, y) => x * y), (a, b) => a < b, (a, b) => a === b, (...a) => a, (a) => a[0], (a) => a.slice(1), (a, b) => [a, ...b], (a) => a.length === 0, (a, b) => a % b, (a) => console.log(a)])
const evaluate = (x, env) => {
  for (;;) {
    if (typeof x === 'string') return env.get(x)
    if (!Array.isArray(x)) return x
    const [head, ...rest] = x
    switch (head) {
      case 'quote': return rest[0]
      case 'if': x = evaluate(rest[0], env) ? rest[1] : rest[2]; continue
      case 'define': return env.set(rest[0], evaluate(rest[1], env))
      case 'set!': return env.assign(rest[0], evaluate(rest[1], env))
      case 'lambda': return (...args) => evaluate(rest[1], new Env(rest[0], args, env))
      case 'begin': for (const one of rest.slice(0, -1)) evaluate(one, env); x = rest.at(-1); continue
      case 'let': env = new Env(rest[0].map(([n]) => n), rest[0].map(([, v]) => evaluate(v, env)), env); x = rest[1]; continue
      default: return evaluate(head, env)(...rest.map((one) => evaluate(one, env)))
    }
  }
}
const program = `(define fact (lambda (n) (if (< n 2) 1 (* n (fact (- n 1))))))
(define fib (lambda (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))))
(define map (lambda (f l) (if (null? l) (quote ()) (cons (f (car l)) (map f (cdr l))))))
(define range (lambda (a b) (if (< a b) (cons a (range (+ a 1) b)) (quote ()))))
(define filter (lambda (p l) (if (null? l) l (if (p (car l)) (cons (car l) (filter p (cdr l))) (filter p (cdr l))))))
(define counter (let ((n 0)) (lambda () (begin (set! n (+ n 1)) n))))
(begin (counter) (counter) (display (counter)))
(display (map fact (range 1 8)))
(display (fib 9))
(display (filter (lambda (n) (= 0 (mod n 3))) (range 0 14)))
(display ((lambda (f) ((f f) 6)) (lambda (self) (lambda (n) (if (= n 0) 0 (+ n ((self self) (- n 1))))))))`
for (const one of parse(program)) evaluate(one, globals)
try { evaluate(['nowhere'], globals) } catch (error) { console.log(String(error)) }
