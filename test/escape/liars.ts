import type { GuestEvent, Sandbox } from '../../src/sandbox/port.ts'
import { order } from '../sandbox/orders.ts'

/**
 * Guests that are somebody else's from their first line on and speak to their host over the one port they have. What they
 * do is written for any realm: `port` is their end, `say` sends. How the host ends them is part of the case; a host
 * believes them about themselves, within their permit, and about nothing else.
 */
export interface Liar {
  readonly name: string
  /** Before or after the host has been told that the guest stands ready. */
  readonly when: 'started' | 'running'
  readonly code: string
  /** Any of the codes; the reason is a part of what is said. */
  readonly end: { readonly codes: readonly string[]; readonly reason?: string }
  /** What a realm must have for it. */
  readonly needs?: 'ports' | 'shared memory'
}

const running = (name: string, code: string, reason: string): Liar => ({
  name,
  when: 'running',
  code,
  end: { codes: ['BREACH'], reason },
})

/** Read and found to be nothing, or, on a busy machine, not even finished when the watchdog lost its patience. */
const bomb = (name: string, code: string): Liar => ({
  name: `sends a bomb: ${name}`,
  when: 'running',
  code,
  end: { codes: ['BREACH', 'UNRESPONSIVE'] },
})

/** An image that holds together, but for what is changed. */
const image = (changes: string): string =>
  `{ engineId: order.engineId, memoryPages: 20, pages: { at: Uint32Array.of(3), bytes: new Uint8Array(4096) }, globals: new Map([['__fuel', 5n]]), standing: 'turn', asyncifyAddress: 0, fuelUsed: 100n, clockMs: 1, nextRequest: 1, pending: [], timers: [], inbox: [], kernels: [], ...${changes} }`
const frozen = (changes: string): string =>
  `onFreeze = () => say({ kind: 'frozen', image: ${image(changes)}, gone: null })`

export const LIARS: readonly Liar[] = [
  running('speaks another language', "say({ eval: '1' })", 'message has no kind'),
  running('says nothing', 'say(undefined)', 'message has no kind'),
  running('speaks in functions of its host', "say({ kind: 'constructor' })", 'kind is none of'),
  running(
    'speaks to its host’s prototypes',
    `say(JSON.parse('{"kind":"ready","__proto__":{"polluted":true}}'))`,
    'unknown field',
  ),
  running('hides words under a symbol’s name', "say({ kind: 'ready', toString: 1 })", 'unknown field'),
  running('sends live things', "say({ kind: 'console', level: 'log', text: new Date() })", 'text is not a text'),
  running(
    'sends an error as its words',
    "say({ kind: 'console', level: 'log', text: new Error('x') })",
    'text is not a text',
  ),
  running(
    'speaks through a getter that says something else the second time',
    "let looks = 0; say({ get kind() { return looks++ === 0 ? 'pulse' : 'started' }, fuelUsed: -1, sentBytes: 0 })",
    'fuelUsed -1 < 0',
  ),
  running(
    'claims to be another agent',
    "say({ kind: 'finished', agent: 'the other', resultJson: '1', fuelUsed: 1, stateHash: '' })",
    'unknown field "agent"',
  ),
  running(
    'says that the host’s watchdog ended it',
    "say({ kind: 'failed', code: 'UNRESPONSIVE', reason: '', fuelUsed: 0 })",
    'code is none of',
  ),
  running('has become ready twice', "say({ kind: 'ready' })", 'ready twice'),
  {
    ...running('speaks before it is ready', "say({ kind: 'pulse', fuelUsed: 0, sentBytes: 0 })", 'pulse before ready'),
    when: 'started',
  },
  running(
    'gives fuel back',
    "say({ kind: 'pulse', fuelUsed: 500, sentBytes: 0 }); say({ kind: 'pulse', fuelUsed: 499, sentBytes: 0 })",
    'fuelUsed 499 < 500',
  ),
  running(
    'has used more fuel than there is',
    "say({ kind: 'pulse', fuelUsed: order.fuelMax + 1, sentBytes: 0 })",
    '> fuelMax',
  ),
  running(
    'ends with more fuel than there is',
    "say({ kind: 'finished', resultJson: '1', fuelUsed: order.fuelMax + 1, stateHash: '' })",
    '> fuelMax',
  ),
  running('counts fuel in no number', "say({ kind: 'pulse', fuelUsed: NaN, sentBytes: 0 })", 'not a whole number'),
  running(
    'asks under an old number',
    "for (const request of [2, 2]) say({ kind: 'call', call: { request, name: 'self', argsJson: '{}' }, again: false })",
    'request 2 <= 2',
  ),
  running(
    'asks again what it never asked',
    "say({ kind: 'call', call: { request: 1, name: 'self', argsJson: '{}' }, again: true })",
    'again: true',
  ),
  running(
    'asks with more than a call may have',
    "say({ kind: 'call', call: { request: 1, name: 'emit', argsJson: 'x'.repeat(600000) }, again: false })",
    'argsJson length',
  ),
  running(
    'sends one line without an end',
    "say({ kind: 'console', level: 'log', text: 'x'.repeat(20000000) })",
    'text length',
  ),
  running(
    'freezes without being asked',
    `say({ kind: 'frozen', image: ${image('{}')}, gone: null })`,
    'frozen without being asked',
  ),
  running('freezes into another engine', frozen("{ engineId: 'mine' }"), 'image of engine mine'),
  running('freezes into more memory than it has', frozen('{ memoryPages: 4096 }'), '> memoryBytesMax'),
  running(
    'freezes with less fuel than it has used',
    `say({ kind: 'pulse', fuelUsed: 500, sentBytes: 0 }); ${frozen('{}')}`,
    'image fuelUsed 100 < 500',
  ),
  running(
    'freezes with a kernel of its own',
    frozen(
      "{ kernels: [{ id: 0, name: 'mine', instance: '', memoryPagesMax: null, memoryPages: 0, pages: { at: Uint32Array.of(), bytes: new Uint8Array(0) }, globals: new Map(), suspended: null }] }",
    ),
    'unknown kernel "mine"',
  ),
  running(
    'freezes into pages past its memory',
    frozen('{ pages: { at: Uint32Array.of(0xffffffff), bytes: new Uint8Array(4096) } }'),
    'pages.at[0] 4294967295 >',
  ),
  running(
    'freezes into pages of another length',
    frozen('{ pages: { at: Uint32Array.of(3), bytes: new Uint8Array(4095) } }'),
    'bytes length 4095',
  ),
  running(
    'freezes into views of another kind',
    frozen('{ pages: { at: [3], bytes: new Uint8Array(4096) } }'),
    'pages.at is not own',
  ),
  running(
    'freezes into what differs from an image that was never sent',
    `onFreeze = () => say({ kind: 'frozen', image: ${image('{}')}, gone: Uint32Array.of(3) })`,
    'a change of an image that was not sent',
  ),
  {
    ...running(
      'keeps hold of the memory that it sends',
      frozen('{ pages: { at: Uint32Array.of(3), bytes: new Uint8Array(new SharedArrayBuffer(4096)) } }'),
      'shared memory',
    ),
    needs: 'shared memory',
  },
  {
    ...running(
      'hands its host a port',
      "const { port1 } = new MessageChannel(); port.postMessage({ kind: 'pulse', fuelUsed: 0, sentBytes: 0 }, [port1])",
      'message has no kind',
    ),
    needs: 'ports',
  },
  {
    ...running(
      'hands its host a port in a message',
      "const { port1 } = new MessageChannel(); port.postMessage({ kind: 'pulse', fuelUsed: 0, sentBytes: port1 }, [port1])",
      '',
    ),
    needs: 'ports',
  },
  bomb('wide', 'say({ kind: Array.from({ length: 300000 }, (_, i) => i) })'),
  bomb(
    'much of everything',
    "say({ kind: 'pulse', fuelUsed: new Map(Array.from({ length: 30000 }, (_, i) => [i, [i]])), sentBytes: 0 })",
  ),
  bomb('deep', 'let deep = []; for (let i = 0; i < 200; i++) deep = [deep]; say({ kind: deep })'),
  bomb('large', "say({ kind: 'pulse', fuelUsed: 0, sentBytes: new Uint8Array(128 * 1048576) })"),
  running(
    'floods its host',
    "for (let i = 0; i < 2000000; i++) say({ kind: 'pulse', fuelUsed: 0, sentBytes: 0 })",
    'messages > 5000 a second',
  ),
  {
    name: 'is silent, having promised to answer',
    when: 'running',
    code: 'for (;;);',
    end: { codes: ['UNRESPONSIVE'], reason: 'no answer for' },
  },
]

/** What every such guest begins with; the realm's own first line gives it `port` and `listen`. */
export const liarScript = ({ when, code }: Liar): string => `
  const say = (message) => port.postMessage(message)
  let order = null
  let onFreeze = () => {}
  const lie = () => { ${code} }
  listen((message) => {
    if (message.kind === 'prepare') say({ kind: 'prepared' })
    if (message.kind === 'start') { order = message.order; ${when === 'started' ? 'lie()' : "say({ kind: 'ready' })"} }
    if (message.kind === 'run') lie()
    if (message.kind === 'freeze') onFreeze()
  })`

export const IN_A_THREAD = `const { parentPort: port } = require('node:worker_threads'); const listen = (hear) => port.on('message', hear);`
export const inABrowser = (script: string): string =>
  `onmessage = ({ ports: [port] }) => { const listen = (hear) => { port.onmessage = ({ data }) => hear(data) }; ${script} }`

/** How its host ends it. */
export function endOf(sandbox: Sandbox, engineId: string, { code }: Liar): Promise<GuestEvent> {
  return new Promise((resolve) => {
    const guest = sandbox.spawn(order({ engineId }), (event) => {
      if (event.kind === 'ready') {
        guest.run()
        if (code.includes('onFreeze')) guest.freeze()
      }
      if (event.kind === 'failed' || event.kind === 'finished') resolve(event)
    })
  })
}
