import type { Cid } from '../base/digest.ts'
import { readCar } from '../bundle/car.ts'
import type { Effects } from '../bundle/manifest.ts'
import { sealBundle } from '../bundle/seal.ts'
import type { AgentId } from '../directory/agent-id.ts'
import type { HomeRow } from '../host/state.ts'
import type { CheapLetter } from './cheap-mail.ts'
import type { CheapProgram } from './cheap-sandbox.ts'
import { authorOf } from './identities.ts'
import type { SimHost } from './sim-host.ts'
import type { World } from './world.ts'

/** An agent that the simulation's author launches: once, however often its home dies meanwhile. */
export interface SimAgent {
  readonly index: number
  readonly program: CheapProgram
  readonly effects: Effects
  /** What it must get, in whatever order. */
  readonly letters: readonly CheapLetter[]
  readonly home: SimHost
  readonly witnesses: number
  readonly launchMs: number
  /** Null until its home has written it down. */
  id: AgentId | null
  /** Its home has said so: from now on it must not be lost. */
  isAcknowledged: boolean
  isLaunching: boolean
}

/** By its input a row is found again whose launch was not answered. */
export const inputOf = ({ index }: Pick<SimAgent, 'index'>): string => JSON.stringify({ launch: index })

/** Tries it now where its home is there; whoever calls it does so again until the agent has an id. */
export function launchOnce(world: World, agent: SimAgent): void {
  const { life } = agent.home
  if (agent.id !== null && !agent.isAcknowledged && isForgotten(world, agent.id)) agent.id = null
  if (agent.id !== null || agent.isLaunching || !life?.host || !life.state || life.time.isAsleep) return
  const inputJson = inputOf(agent)
  for (const row of rowsAnywhere(world))
    if (row.inputJson === inputJson && row.forkedFrom === null) {
      agent.id = row.agent
      return
    }
  agent.isLaunching = true
  const { host } = life
  void (async () => {
    const { car } = await bundleOf(agent, world)
    const file = readCar(car)
    if (file.ok) for (const cid of file.value.blocks.keys()) world.bundled.add(cid)
    const imported = await host.importBundle(car)
    if (!imported.ok) throw new Error(imported.reason)
    agent.id = await host.launch(imported.value.id, { inputJson, witnesses: agent.witnesses })
    agent.isAcknowledged = true
  })()
    .catch(() => undefined)
    .finally(() => {
      agent.isLaunching = false
    })
  // A home that dies answers nothing.
  const givenUp = life.number
  world.time.after(LAUNCH_MS, () => {
    if (agent.home.life?.number !== givenUp) agent.isLaunching = false
  })
}

/** Nobody has it: its launch was not over when its home died. Only where everybody can be asked. */
function isForgotten(world: World, id: AgentId): boolean {
  if (world.hosts.some(({ life }) => !life?.host)) return false
  for (const { agent } of rowsAnywhere(world)) if (agent === id) return false
  return true
}

/** Its home may have lost the row to a witness while it was away. */
function* rowsAnywhere(world: World): Generator<HomeRow> {
  for (const { life } of world.hosts)
    if (life?.state) {
      yield* life.state.rows.values()
      yield* life.state.mirrors.values()
    }
}

const LAUNCH_MS = 5_000

async function bundleOf(
  { program, effects }: SimAgent,
  { guests, options }: World,
): Promise<{ readonly car: Uint8Array<ArrayBuffer>; readonly id: Cid }> {
  return sealBundle(
    {
      name: 'simulated',
      version: '1.0.0',
      description: '',
      code: guests.codeOf(program),
      sourceMap: null,
      kernels: new Map(),
      assets: new Map(),
      needs: {},
      quota: {},
      effects,
    },
    authorOf(options.signatures).signer,
  )
}
