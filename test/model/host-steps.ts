import type { Rules } from './rules.ts'
import { type History, type HostParty, type Message, type Numbers, saying, type Value } from './vocabulary.ts'

/** What a host does by itself and with one message: pure, so that each pair of party and message is worked out once. */
export interface Book {
  readonly rules: Rules
  readonly values: Numbers<Value>
  readonly messages: Numbers<Message>
}

export type HostStep = readonly [label: string, host: HostParty]

const withImage = (images: readonly History[], x: History): readonly History[] =>
  images.includes(x) ? images : [...images, x].sort()

export const isRunning = (host: HostParty): boolean => host.run !== null && host.frozenFor < 0

/** Of this host's own accord. `letters`: what may come in now. */
export function spontaneous(book: Book, i: number, host: HostParty, letters: string, healing: boolean): HostStep[] {
  const { rules, values, messages } = book
  const steps: HostStep[] = []
  const { epoch, run } = host
  const value = values.of(host.value)
  const isHolder = value.holder === i && epoch > 0
  const say = (...said: Message[]) => saying(host.said, ...said.map((message) => messages.id(message)))

  if (isHolder && run === null && host.release < 0 && host.images.includes(value.history))
    if (!rules.startOnce || host.started < epoch)
      steps.push([
        `RUN epoch ${epoch} from '${value.history}'`,
        {
          ...host,
          started: epoch,
          run: value.history,
          cut: rules.bases ? value.history.length : 0,
          place: 0,
          ballot: 0,
          marked: rules.marksTravel || value.history === '',
        },
      ])
  if (run !== null && host.frozenFor < 0) {
    if (!healing && run.length < rules.pieces)
      for (const letter of letters) {
        const x = run + letter
        steps.push([
          `piece ${letter}, LOG(${epoch}, '${x}')`,
          { ...host, run: x, said: say({ kind: 'log', e: epoch, x, cut: host.cut }) },
        ])
      }
    if (rules.mail && run.length < rules.pieces + 1 && !(host.marked && run.includes('m'))) {
      const x = `${run}m`
      steps.push([
        `message arrives, LOG(${epoch}, '${x}')`,
        { ...host, run: x, marked: true, said: say({ kind: 'log', e: epoch, x, cut: host.cut }) },
      ])
    }
    if (rules.bases || healing) {
      const said = say(
        { kind: 'checkpoint', e: epoch, x: run },
        ...(healing ? [{ kind: 'log', e: epoch, x: run, cut: host.cut } as const] : []),
      )
      if (said !== host.said) steps.push([`CHECKPOINT(${epoch}, '${run}')`, { ...host, said }])
    }
    if (!healing)
      for (const [from, to] of rules.pairs)
        if (from === i)
          if (rules.reservations) {
            const said = say({ kind: 'offer', e: epoch, to })
            if (said !== host.said) steps.push([`OFFER to ${nameOf(to)}`, { ...host, said }])
          } else steps.push(prepared(book, host, to))
  }
  if (run !== null && host.frozenFor >= 0) {
    if (host.release < 0) steps.push(['gives the hand-over up and goes on', { ...host, frozenFor: -1 }])
    else if (!rules.abortNeedsBallot)
      steps.push(['gives the hand-over up after RELEASE', { ...host, frozenFor: -1, release: -1 }])
    else if (!rules.releaseOnce)
      steps.push(['looks for another destination after RELEASE', { ...host, frozenFor: -1, release: -1 }])
  }
  if (healing && host.release >= 0) {
    const said = say({ kind: 'accept', e: epoch + 1, b: 0, v: host.release })
    if (said !== host.said) steps.push(['RELEASE again', { ...host, said }])
  }
  if (host.place === 1 && rules.reservationsEnd) steps.push(['reservation ends', { ...host, place: 0 }])
  if (host.place === 2 && rules.reservationsEnd)
    steps.push(['drops what never came to a decision', { ...host, place: 0, images: [] }])
  if (rules.evictionDrops && !healing && run === null && host.images.length > 0 && !isHolder)
    steps.push(['is evicted after READY and drops the checkpoint', { ...host, images: [] }])
  return steps
}

function prepared({ rules, messages }: Book, host: HostParty, to: number): HostStep {
  const x = host.run ?? ''
  const sent = messages.id({ kind: 'send', e: host.epoch, to, x })
  return [
    `FREEZE at '${x}', SEND to ${nameOf(to)}`,
    {
      ...host,
      frozenFor: to,
      images: rules.preparedDurable ? withImage(host.images, x) : host.images,
      said: saying(host.said, sent),
    },
  ]
}

export function crash({ rules }: Book, host: HostParty): HostParty {
  return {
    ...host,
    run: null,
    frozenFor: -1,
    ballot: 0,
    early: null,
    cut: 0,
    release: rules.releaseDurable ? host.release : -1,
    place: host.place === 1 ? 0 : host.place,
  }
}

/** With one message that is in the air; null where it changes nothing. */
export function hostReceives(book: Book, i: number, host: HostParty, message: Message): HostStep | null {
  const { rules, values, messages } = book
  const { epoch } = host
  const say = (said: Message) => saying(host.said, messages.id(said))
  switch (message.kind) {
    case 'offer':
      if (message.to !== i || message.e !== epoch || host.place !== 0 || host.run !== null) return null
      return ['keeps a place', { ...host, place: 1, said: say({ kind: 'place', e: epoch, to: i }) }]
    case 'place':
      if (message.e !== epoch || !isRunning(host) || !rules.pairs.some(([from, to]) => from === i && to === message.to))
        return null
      return prepared(book, host, message.to)
    case 'send': {
      if (message.to !== i || message.e !== epoch || (rules.reservations && host.place !== 1)) return null
      const ready: Message = { kind: 'ready', e: epoch, to: i, x: message.x }
      const said = say(ready)
      if (said === host.said && host.images.includes(message.x)) return null
      return [
        `has '${message.x}', READY`,
        { ...host, images: withImage(host.images, message.x), place: rules.reservations ? 2 : 0, said },
      ]
    }
    case 'ready': {
      if (message.e !== epoch || host.run === null || host.frozenFor !== message.to || host.release >= 0) return null
      if (rules.readyNamesState ? message.x !== host.run : false) return null
      if (epoch + 1 > rules.epochs) return null
      const release = values.id({ holder: message.to, history: host.run, next: values.of(host.value).next })
      const said = say({ kind: 'accept', e: epoch + 1, b: 0, v: release })
      return [`RELEASE(${epoch + 1}, ${nameOf(message.to)}, '${host.run}')`, { ...host, release, said }]
    }
    case 'accept': {
      if (rules.runNeedsCertificate || message.e !== epoch + 1 || host.run !== null) return null
      const { holder, history } = values.of(message.v)
      if (holder !== i || !host.images.includes(history)) return null
      return [
        `RUN epoch ${message.e} with the RELEASE only`,
        { ...host, epoch: message.e, value: message.v, started: message.e, run: history },
      ]
    }
    default:
      return null
  }
}

/** A decision becomes known here. */
export function hostLearns(
  { rules, values }: Book,
  i: number,
  host: HostParty,
  epoch: number,
  value: number,
): HostParty | null {
  if (epoch <= host.epoch) return null
  const { holder, history } = values.of(value)
  const before = values.of(host.value).holder
  const goesOn = holder === i && before === i && epoch === host.epoch + 1 && host.run?.startsWith(history)
  const drops = !rules.keepsUntilCopied && before === i && holder !== i
  return {
    ...host,
    epoch,
    value,
    release: -1,
    ballot: 0,
    early: null,
    frozenFor: -1,
    run: goesOn ? host.run : null,
    started: goesOn ? epoch : host.started,
    cut: goesOn ? host.cut : 0,
    place: holder === i ? host.place : 0,
    images: drops ? [] : host.images,
  }
}

export const nameOf = (host: number): string => 'SDRT'[host] ?? `host ${host}`
