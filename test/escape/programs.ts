import { play, type SandboxPlace } from '../contract/play.ts'

/**
 * Agents that try to get out of the engine that runs them: what each prints must be the same in every realm, and nothing
 * of a realm's. `prints` is what a program says that has found nothing.
 */
export interface Program {
  readonly name: string
  readonly code: string
  readonly prints: readonly string[]
}

const DOORS = [
  'fetch',
  'XMLHttpRequest',
  'WebSocket',
  'WebTransport',
  'EventSource',
  'importScripts',
  'indexedDB',
  'caches',
  'localStorage',
  'BroadcastChannel',
  'MessageChannel',
  'Worker',
  'SharedWorker',
  'navigator',
  'location',
  'document',
  'window',
  'self',
  'parent',
  'top',
  'opener',
  'postMessage',
  'RTCPeerConnection',
  'WebAssembly',
  'SharedArrayBuffer',
  'Atomics',
  'process',
  'require',
  'module',
  'Deno',
  'Bun',
  'std',
  'os',
  'bjson',
  'print',
  'scriptArgs',
  'gc',
  'crypto',
]

/** Says only what a look at the realm from inside brings out. */
const tried = (body: string): string =>
  `try { console.log(String(${body})) } catch (error) { console.log('refused: ' + error.name) }`

export const PROGRAMS: readonly Program[] = [
  {
    name: 'names of a realm’s doors',
    code: `console.log(${JSON.stringify(DOORS)}.filter((name) => name in globalThis || Reflect.has(globalThis, name)).join())`,
    prints: [''],
  },
  {
    name: 'doors by code made from text, of every kind',
    code: `const kinds = [Function, (async () => {}).constructor, (function* () {}).constructor, (async function* () {}).constructor]
      const outer = kinds.map((make) => { try { return make('return this') } catch (error) { return error } })
      console.log([(0, outer[0])() === globalThis, (0, eval)('this') === globalThis, kinds.map((make) => make.constructor === Function).join()].join())
      console.log(${JSON.stringify(DOORS)}.filter((name) => { try { return (0, eval)('typeof ' + name) !== 'undefined' } catch { return true } }).join())`,
    prints: ['true,true,true,true,true,true', ''],
  },
  {
    name: 'modules by import()',
    code: `(async () => {
      for (const name of ['node:fs', 'fs', 'std', 'os', 'qjs:std', 'https://127.0.0.1/x.js', 'file:///etc/passwd', 'data:text/javascript,export default 1', './agent.js'])
        await import(name).then(() => console.log('opened ' + name), () => {})
      console.log('done')
    })()`,
    prints: ['done'],
  },
  { name: 'where it was loaded from', code: tried("(0, eval)('import.meta.url')"), prints: ['refused: SyntaxError'] },
  {
    name: 'paths in the stacks of errors',
    code: `const stacks = [], call = __sojourn.call('hosts', {}).catch(() => {})
      try { null.x } catch (error) { stacks.push(error.stack) }
      try { (function deep() { deep() })() } catch (error) { stacks.push(error.stack) }
      try { JSON.parse('{') } catch (error) { stacks.push(error.stack) }
      try { call.x.y } catch (error) { stacks.push(error.stack) }
      console.log(/https?:|file:|blob:|[/\\\\](work|home|src|dist|node_modules|usr)[/\\\\]|wasm/.test(stacks.join('\\n')))`,
    prints: ['false'],
  },
  {
    name: 'the host’s prototypes, through what it sends',
    code: `const message = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"fraction":0.5,"note":"x"}')
      __sojourn.call('progress', message).catch(() => {})
      __sojourn.call('__proto__', message).catch(() => {})
      __sojourn.call('constructor', message).catch(() => {})
      console.log('sent', ({}).polluted)`,
    prints: ['sent undefined'],
  },
  {
    name: 'the host through a getter, a proxy and toJSON',
    code: `let looked = 0
      const trap = new Proxy({}, { get: (_, key) => { looked += 1; return typeof key === 'symbol' ? undefined : key === 'toJSON' ? undefined : 1 }, ownKeys: () => ['fraction'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }) })
      __sojourn.call('progress', trap).catch(() => {})
      const before = looked
      for (let i = 0; i < 1e5; i++);
      console.log(looked === before, typeof trap)`,
    prints: ['true object'],
  },
  {
    name: 'the time outside: the clock goes by what the program itself does',
    code: `const steps = []
      for (let round = 0; round < 10; round++) { const from = Date.now(), fine = performance.now(); for (let i = 0; i < 10000 * round; i++); steps.push(Date.now() - from, performance.now() - fine) }
      const again = Array.from({ length: 1000 }, () => new Date().getTime())
      console.log(steps.join(), new Set(again).size, performance.timeOrigin)`,
    prints: [],
  },
  {
    name: 'the place outside: languages and time zones',
    code: `console.log(new Date(0).getTimezoneOffset(), new Date(0).toString(), (1234.5).toLocaleString(), typeof Intl)`,
    prints: [],
  },
]

export interface Ran {
  readonly lines: readonly string[]
  readonly end: string
}

/** Every call is refused, as an unknown one is. */
export async function runProgram(place: SandboxPlace, code: string): Promise<Ran> {
  const played = play(place, { code, fuelMax: 2_000_000_000 })
  const answered = new Set<number>()
  const answer = (): void => {
    for (const event of played.events) {
      if (event.kind !== 'call' || answered.has(event.call.request)) continue
      answered.add(event.call.request)
      played.guest.deliver({
        request: event.call.request,
        outcome: { ok: false, code: 'UNKNOWN_CALL', reason: 'not here' },
      })
    }
  }
  const beat = setInterval(answer, 5)
  const end = await played.next('finished').then(
    ({ resultJson, fuelUsed }) => `finished ${resultJson} ${fuelUsed}`,
    (error: Error) => error.message,
  )
  clearInterval(beat)
  return { lines: played.lines, end }
}
