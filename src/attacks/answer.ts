/** The side of the attacks that runs in a realm: takes an engine's two builds, then question after question about them. */
import { fromUtf8, utf8 } from '../base/bytes.ts'
import { type EngineBuild, prepareEngine } from '../engine/machine.ts'
import type { Tier } from '../engine/twin.ts'
import { overflowUnits } from './headroom.ts'
import { ATTACKS, tryAttack } from './trial.ts'

export interface Question {
  readonly attack: string
  readonly tier: Tier
  /** How it ends; or at how many units the realm's own native stack overflows when nothing else stops it, null if never. */
  readonly ask: 'ending' | 'overflow'
}

/** First byte of a request: a build's bytes follow, the plain one first, or a question as JSON. */
export const REQUEST = { plain: 0, movable: 1, question: 2 } as const

/** What the engine is called here; its name is part of a state. */
export const ATTACKED = 'attacked'

let plain: WebAssembly.Module | null = null
let build: EngineBuild | null = null

export function answer(request: Uint8Array): Uint8Array {
  const body = request.slice(1)
  if (request[0] === REQUEST.question)
    return utf8(JSON.stringify(answerQuestion(JSON.parse(fromUtf8(body)) as Question)))
  const module = new WebAssembly.Module(body)
  if (request[0] === REQUEST.plain) plain = module
  else build = prepareEngine(ATTACKED, { movable: module, plain })
  return utf8('null')
}

function answerQuestion({ attack, tier, ask }: Question): unknown {
  if (build === null) throw new Error('there is no engine yet')
  const code = ATTACKS.get(attack)
  if (code === undefined) throw new Error(`there is no attack ${attack}`)
  return ask === 'ending' ? tryAttack(build, code, { tier }) : overflowUnits(build, tier, code)
}
