import type { AgentSnapshot } from '../host/snapshot.ts'
import type { Did } from '../identity/did.ts'
import { conditions, grantSentence } from '../permit/words.ts'

/** By whose leave an agent is here, in the words that the command line has for it too. */
interface Props {
  readonly agent: AgentSnapshot
  readonly nameOf: (did: Did) => string
}

export function Leave({ agent, nameOf }: Props) {
  const { launcher, permit } = agent
  return (
    <details class="agent-leave">
      <summary>By whose leave</summary>
      {permit.length === 0 ? (
        <p>
          {launcher === agent.author
            ? `${nameOf(launcher)}, who wrote it, launched it.`
            : `${nameOf(launcher)} launched it.`}
        </p>
      ) : (
        <ol>
          {permit.map((link) => (
            <li key={link.cid}>
              {grantSentence(link, nameOf)}
              {conditions(link).map((condition) => (
                <span key={condition} class="quiet">
                  {' '}
                  {condition}.
                </span>
              ))}
            </li>
          ))}
        </ol>
      )}
    </details>
  )
}
