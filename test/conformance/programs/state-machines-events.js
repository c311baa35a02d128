class Emitter { #on = new Map(); on(name, run) { const list = this.#on.get(name) ?? []; list.push(run); this.#on.set(name, list); return () => { list.splice(list.indexOf(run), 1) } } emit(name, ...args) { for (const run of [...(this.#on.get(name) ?? [])]) run(...args); return this } }
const machine = { idle: { start: 'running' }, running: { pause: 'paused', stop: 'stopped', tick: 'running' }, paused: { resume: 'running', stop: 'stopped' }, stopped: {} }
class Engine extends Emitter { state = 'idle'; history = []; send(event) { const next = machine[this.state][event]; if (next === undefined) { this.emit('refused', event, this.state); return false } const from = this.state; this.state = next; this.history.push(`${from}>${next}`); busy(40); this.emit('moved', from, next).emit(next); return true } }
const engine = new Engine(), log = []
const off = engine.on('moved', (a, b) => log.push(`${a}→${b}`))
engine.on('refused', (event, state) => log.push(`no ${event} in ${state}`))
engine.on('paused', () => { log.push('nested'); engine.send('resume') })
for (const event of ['pause', 'start', 'tick', 'pause', 'resume', 'stop', 'start']) engine.send(event)
off(); engine.send('x')
console.log(log, engine.history.length)
const observable = (subscribe) => ({ subscribe, map: (f) => observable((next) => subscribe((x) => next(f(x)))), filter: (f) => observable((next) => subscribe((x) => f(x) && next(x))), scan: (f, s) => observable((next) => { let a = s; return subscribe((x) => next((a = f(a, x)))) }), take: (n) => observable((next) => { let left = n; const stop = subscribe((x) => { if (left-- > 0) next(x); if (left <= 0) queueMicrotask(() => stop?.()) }); return stop }) })
const clock = observable((next) => { let n = 0; const id = setInterval(() => { busy(100); next(n++) }, 3); return () => clearInterval(id) })
const seen = await new Promise((resolve) => { const out = []; clock.filter((n) => n % 2 === 0).map((n) => n * n).scan((a, b) => a + b, 0).take(6).subscribe((x) => { out.push(x); if (out.length === 6) resolve(out) }) })
check('scan', seen.join(), '0,4,20,56,120,220')
const reducer = (state, action) => { switch (action.type) { case 'add': return { ...state, items: [...state.items, action.item] }; case 'toggle': return { ...state, items: state.items.map((one) => (one.id === action.id ? { ...one, done: !one.done } : one)) }; case 'clear': return { ...state, items: state.items.filter((one) => !one.done) }; default: return state } }
let state = { items: [] }
const past = []
for (let i = 0; i < 60; i++) { past.push(state); state = reducer(state, i % 3 === 0 ? { type: 'add', item: { id: i, done: false } } : i % 3 === 1 ? { type: 'toggle', id: i - 1 } : i % 9 === 8 ? { type: 'clear' } : { type: 'none' }) }
console.log(state.items.map((one) => one.id), past.length, past[10] === past[11], JSON.stringify(past[30]))
const scheduler = { tasks: [], spawn(g) { this.tasks.push(g) }, run() { const out = []; while (this.tasks.length) { const task = this.tasks.shift(); const { value, done } = task.next(); if (done) out.push(`done ${value}`); else { out.push(value); this.tasks.push(task) } } return out } }
for (const name of 'abc') scheduler.spawn((function* () { for (let i = 0; i < name.charCodeAt(0) - 94; i++) { busy(60); yield `${name}${i}` } return name })())
console.log(scheduler.run().join(' '))
