import { DEFAULT_OPTIONS, drawOptions, type SimOptions } from './options.ts'

/** The one command that runs it again. */
export function commandLine(options: SimOptions): string {
  const { seed, hosts, homes, agents, seconds, faults, signatures, witnesses, effects, mail, guests } = options
  const drawn = drawOptions(seed, { homes })
  const parts = ['sojourn sim', `--seed ${seed}`]
  if (hosts !== drawn.hosts) parts.push(`--hosts ${hosts}`)
  if (homes !== DEFAULT_OPTIONS.homes) parts.push(`--homes ${homes}`)
  if (agents !== drawn.agents) parts.push(`--agents ${agents}`)
  if (seconds !== DEFAULT_OPTIONS.seconds) parts.push(`--seconds ${seconds}`)
  if (witnesses !== drawn.witnesses) parts.push(`--witnesses ${witnesses}`)
  if (faults !== 'any') parts.push(`--faults ${faults.join() || 'none'}`)
  if (signatures !== DEFAULT_OPTIONS.signatures) parts.push(`--signatures ${signatures}`)
  if (effects !== DEFAULT_OPTIONS.effects) parts.push(`--effects ${effects}`)
  if (!mail) parts.push('--no-mail')
  if (guests !== DEFAULT_OPTIONS.guests) parts.push(`--guests ${guests}`)
  return parts.join(' ')
}
