import type { PendingCall } from '../engine/image.ts'

/**
 * What cheap programs say to each other. A letter says who it is from and the how-manyth to its recipient it is; whoever
 * gets it counts them, adds them up in a way that order does not change, and notes each that does not follow the one
 * before of its sender. So a letter lost, doubled or out of order shows in the result.
 */
export interface CheapMail {
  /** Its number among those that write; needed where it sends. */
  readonly as?: number
  /** Takes names after these many steps, in ascending order. */
  readonly registers?: readonly { readonly at: number; readonly name: string }[]
  /** To an agent, by id or by name; a name is looked up until it is there. What is due at once to ids is sent at once. */
  readonly sends?: readonly { readonly at: number; readonly to: string }[]
  /** Waits for so many letters. */
  readonly receives?: readonly { readonly at: number; readonly count: number }[]
  /** Agents of other launchers may write to it. */
  readonly open?: true
}

export interface CheapLetter {
  readonly as: number
  /** From 1, among the letters of this sender to this recipient. */
  readonly n: number
}

/** What a program with any of it adds to its result. */
export interface CheapCount {
  readonly count: number
  readonly sum: number
  /** Letters that did not follow the one before of the same sender. */
  readonly disorder: number
  /** Sends and names that were refused. */
  readonly refused: number
}

export const hasMail = ({ registers, sends, receives }: CheapMail): boolean =>
  registers !== undefined || sends !== undefined || receives !== undefined

/** What is counted where each of these letters came once, and in order, and nothing was refused. */
export const countOf = (letters: readonly CheapLetter[]): CheapCount => ({
  count: letters.length,
  sum: letters.reduce((sum, letter) => (sum + weightOf(letter)) >>> 0, 0),
  disorder: 0,
  refused: 0,
})

/** Of one program to one recipient, as `to` names it. */
export const lettersOf = ({ as = 0, sends = [] }: CheapMail, to: string): readonly CheapLetter[] =>
  sends.filter((send) => send.to === to).map((_, i) => ({ as, n: i + 1 }))

const weightOf = ({ as, n }: CheapLetter): number => (Math.imul(as + 1, 2_654_435_761) ^ Math.imul(n, 40_503)) >>> 0

type Call = (name: string, args: unknown) => void

/** The state is numbers only, which travel among the globals of the image. */
export class CheapPost {
  readonly #program: CheapMail
  readonly #call: Call
  #numbers: Map<string, number>

  constructor(program: CheapMail, call: Call) {
    this.#program = program
    this.#call = call
    this.#numbers = new Map()
  }

  standAt(globals: ReadonlyMap<string, number | bigint>): void {
    this.#numbers = new Map([...globals].flatMap(([name, n]) => (name.startsWith('mail') ? [[name, Number(n)]] : [])))
  }

  get globals(): ReadonlyMap<string, number> {
    return this.#numbers
  }

  get count(): CheapCount {
    const [count, sum, disorder, refused] = [
      this.#at('Count'),
      this.#at('Sum'),
      this.#at('Disorder'),
      this.#at('Refused'),
    ]
    return { count, sum, disorder, refused }
  }

  /** After how many steps it has to do with mail next. */
  get nextAt(): number {
    const { registers = [], sends = [], receives = [] } = this.#program
    const next = [registers[this.#at('Registers')], sends[this.#at('Sends')], receives[this.#at('Receives')]]
    return Math.min(...next.map((one) => one?.at ?? Number.POSITIVE_INFINITY))
  }

  #at(name: string): number {
    return this.#numbers.get(`mail${name}`) ?? 0
  }

  #add(name: string, n = 1): number {
    const sum = (this.#at(name) + n) >>> 0
    this.#numbers.set(`mail${name}`, sum)
    return sum
  }

  /** After a step, and after each answer: names first, then what is to be sent, then what is waited for. */
  stepped(done: number): void {
    const { registers = [], sends = [], receives = [] } = this.#program
    if (this.#at('Busy') > 0) return
    const register = registers[this.#at('Registers')]
    if (register && done >= register.at) {
      this.#add('Registers')
      this.#add('Busy')
      return this.#call('register', { name: register.name, held: true })
    }
    for (let send = sends[this.#at('Sends')]; send && done >= send.at; send = sends[this.#at('Sends')]) {
      this.#add('Sends')
      if (send.to.includes('.')) this.#send(send.to)
      else {
        this.#add('Busy')
        return this.#call('lookup', { name: send.to })
      }
    }
    const receive = receives[this.#at('Receives')]
    if (receive && done >= receive.at) this.#receive()
  }

  #receive(): void {
    this.#add('Busy')
    this.#call('receive', { after: this.#at('Count'), open: this.#program.open === true })
  }

  #send(to: string): void {
    const { as = 0, sends = [] } = this.#program
    const at = this.#at('Sends') - 1
    const key = sends[at]?.to
    const n = sends.slice(0, at + 1).filter((send) => send.to === key).length
    this.#call('send', { to, data: { as, n } })
  }

  /** `done`: where the program stands, for what comes next. */
  answered(
    { name, argsJson }: PendingCall,
    outcome: { readonly ok: true; readonly valueJson: string } | { readonly ok: false },
    done: number,
  ): void {
    if (name === 'lookup' && !outcome.ok) return this.#call('lookup', JSON.parse(argsJson))
    if (name !== 'send') this.#numbers.set('mailBusy', 0)
    if (name === 'lookup' && outcome.ok) this.#send(JSON.parse(outcome.valueJson))
    else if (name === 'receive' && outcome.ok) this.#take(JSON.parse(outcome.valueJson).data)
    else if (!outcome.ok) this.#add('Refused')
    if (name === 'receive') {
      const wanted = this.#program.receives?.[this.#at('Receives')]?.count ?? 0
      if (this.#add('Got') < wanted) return this.#receive()
      this.#numbers.set('mailGot', 0)
      this.#add('Receives')
    }
    this.stepped(done)
  }

  #take(letter: CheapLetter): void {
    const last = `Last${letter.as}`
    this.#add('Count')
    this.#add('Sum', weightOf(letter))
    if (letter.n !== this.#at(last) + 1) this.#add('Disorder')
    this.#numbers.set(`mail${last}`, letter.n)
  }
}

export const isMail = (name: string): boolean =>
  name === 'register' || name === 'send' || name === 'receive' || name === 'lookup'
