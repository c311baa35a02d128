import type { Hop } from '../audit/itinerary.ts'
import type { HostRate } from '../audit/rate.ts'
import type { Cid } from '../base/digest.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { Did } from '../identity/did.ts'
import type { HeardEffect } from '../wire/decisions.ts'
import type { Letter, NameEntry } from '../wire/mail.ts'
import type { StoryLine } from '../wire/messages.ts'
import type { Notice } from '../wire/notices.ts'
import type { Life } from './lives.ts'
import type { Node } from './nodes.ts'
import type { Seen } from './seen.ts'
import type { Fork, HomeRow, Register, Resident } from './state.ts'
import type { RecordWrite } from './turn.ts'
import type { KeptSegment } from './vouchers.ts'

/**
 * What of the host's state outlives the process, and under which key (storage/RECORDS.md). Plain data written as
 * canonical DAG-CBOR by the rim. Only our own store is read back, so records are trusted as far as the disk is.
 */

const rowKey = (agent: AgentId): string => `row/${agent}`
export const registerKey = (agent: AgentId): string => `register/${agent}`
const residentKey = (agent: AgentId): string => `resident/${agent}`
export const inputKey = (agent: AgentId): string => `input/${agent}`
export const licenseKey = (agent: AgentId): string => `license/${agent}`
export const storyKey = (agent: AgentId, number: number): string => `story/${agent}/${String(number).padStart(9, '0')}`

/** The record is deleted. */
export const gone = (key: string): RecordWrite => ({ key, value: () => null })

export const hopKey = (agent: AgentId, epoch: number): string => `hop/${agent}/${String(epoch).padStart(9, '0')}`

const forkKey = (agent: AgentId, request: number): string => `fork/${agent}/${request}`

const seenKey = (agent: AgentId): string => `seen/${agent}`

const lifeKey = (age: number): string => `life/${String(age).padStart(9, '0')}`

export const nodeKey = (did: Did): string => `node/${did}`
const mailKey = (agent: AgentId): string => `mail/${agent}`
const letterKey = (agent: AgentId, place: number): string => `letter/${agent}/${String(place).padStart(9, '0')}`
export const nameRecordKey = (key: string): string => `name/${key}`
export const noticeKey = (name: Cid): string => `notice/${name}`

/** Prefixes that `restored` hands back to the machine. */
export const RESTORED_PREFIXES = [
  'row/',
  'input/',
  'license/',
  'register/',
  'resident/',
  'story/',
  'hop/',
  'fork/',
  'notice/',
  'version/',
  'log/',
  'piece/',
  'segment/',
  'audit/',
  'seen/',
  'node/',
  'life/',
  'mail/',
  'letter/',
  'name/',
] as const

export const writeRow = (row: HomeRow): RecordWrite => ({
  key: rowKey(row.agent),
  value: () => {
    const {
      story: _story,
      heard: _heard,
      itinerary: _itinerary,
      forks: _forks,
      heardMs: _heardMs,
      inputJson: _inputJson,
      license: _license,
      mail: _mail,
      birth: _birth,
      ...kept
    } = row
    return { ...kept, seen: { ...row.seen } }
  },
})

/** Everything that a home keeps of an agent. */
export const forgetRow = ({ agent, story, itinerary, forks }: HomeRow): readonly RecordWrite[] => [
  gone(rowKey(agent)),
  gone(inputKey(agent)),
  gone(licenseKey(agent)),
  gone(mailKey(agent)),
  gone(registerKey(agent)),
  ...story.map(({ number }) => gone(storyKey(agent, number))),
  ...itinerary.map(({ certificate }) => gone(hopKey(agent, certificate.epoch))),
  ...forks.map(({ request }) => gone(forkKey(agent, request))),
]

/** Apart from the row, which is written with every effect: it never changes and may be long. */
export const writeInput = ({ agent, inputJson }: HomeRow): RecordWrite => ({
  key: inputKey(agent),
  value: () => inputJson,
})

/** Apart from the row for the same reason. */
export const writeLicense = ({ agent, license }: HomeRow): RecordWrite => ({
  key: licenseKey(agent),
  value: () => license,
})

/** Apart from the row, which is written with every effect. */
export const writeMail = ({ agent, mail, birth }: HomeRow): RecordWrite => ({
  key: mailKey(agent),
  value: () => ({ mail, birth }),
})

/** One that has come since the checkpoint: beside it, those are in the brief. */
export const writeLetter = (letter: Letter, place: number): RecordWrite => ({
  key: letterKey(letter.to, place),
  value: () => letter,
})

export const forgetLetter = (agent: AgentId, place: number): RecordWrite => gone(letterKey(agent, place))

export const writeName = (key: string, entry: NameEntry): RecordWrite => ({
  key: nameRecordKey(key),
  value: () => entry,
})

export const writeRegister = (register: Register): RecordWrite => ({
  key: registerKey(register.agent),
  value: () => ({ ...register }),
})

/** `of`: the effect that the line tells, which the line itself does not show. */
export const writeStory = (agent: AgentId, line: StoryLine, of: HeardEffect | null = null): RecordWrite => ({
  key: storyKey(agent, line.number),
  value: () => (of ? { ...line, of } : line),
})

export const writeHop = (hop: Hop): RecordWrite => ({
  key: hopKey(hop.certificate.agent, hop.certificate.epoch),
  value: () => hop,
})

/** One segment that this home has a receipt for, with its log until it has been run again. */
export const writeSegment = (segment: KeptSegment): RecordWrite => {
  const { agent, epoch, number } = segment.receipt.statement
  return {
    key: `segment/${agent}/${String(epoch).padStart(9, '0')}/${String(number).padStart(9, '0')}/${segment.name}`,
    value: () => {
      const { busy: _busy, retryMs: _retryMs, ...kept } = segment
      return kept
    },
  }
}

export const writeRate = (host: Did, rate: HostRate): RecordWrite => ({ key: `audit/${host}`, value: () => rate })

export const writeFork = (agent: AgentId, fork: Fork): RecordWrite => ({
  key: forkKey(agent, fork.request),
  value: () => fork,
})

export const forgetFork = (agent: AgentId, { request }: Fork): RecordWrite => gone(forkKey(agent, request))

export const writeLife = (life: Life): RecordWrite => ({ key: lifeKey(life.age), value: () => life })

export const forgetLife = (age: number): RecordWrite => gone(lifeKey(age))

export const writeSeen = (seen: Seen): RecordWrite => ({ key: seenKey(seen.agent), value: () => seen })

export const forgetSeen = (agent: AgentId): RecordWrite => gone(seenKey(agent))

export interface KeptResident {
  readonly agent: AgentId
  readonly brief: Resident['brief']
  readonly name: string
  readonly author: Resident['author']
  readonly license: Resident['license']
  readonly quota: Resident['quota']
  readonly epoch: number
  readonly certificate: Resident['certificate']
  readonly charters: Resident['charters']
  readonly checkpoint: Resident['checkpoint']
  /** The epoch that was started here, or may have been: what said READY may run as soon as the certificate is here. */
  readonly started: number | null
  readonly consoleLines: number
  readonly fuelUsed: number
  /** True while the certificate for our own holding was not here. */
  readonly arriving: boolean
  readonly effects: Resident['effects']
  /** The statement that gave the agent away, once signed: it may be repeated, never replaced. */
  readonly release: Resident['release']
}

export const writeResident = (resident: Resident): RecordWrite => ({
  key: residentKey(resident.agent),
  value: () => keptOf(resident),
})

const keptOf = (resident: Resident): KeptResident => ({
  agent: resident.agent,
  brief: resident.brief,
  name: resident.name,
  author: resident.author,
  license: resident.license,
  quota: resident.quota,
  epoch: resident.epoch,
  certificate: resident.certificate,
  charters: resident.charters,
  checkpoint: resident.checkpoint,
  started: resident.pledged ?? resident.started,
  consoleLines: resident.consoleLines,
  fuelUsed: resident.fuelUsed,
  arriving: resident.arrival !== null,
  effects: [...resident.effects],
  release: resident.release,
})

export const writeNode = (node: Node): RecordWrite => ({ key: nodeKey(node.did), value: () => node })

export const writeNotice = (name: Cid, notice: Notice): RecordWrite => ({ key: noticeKey(name), value: () => notice })

export const forgetResident = (agent: AgentId): RecordWrite => gone(residentKey(agent))
