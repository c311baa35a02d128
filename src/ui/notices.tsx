import type { PageActions, PageView } from './page-view.ts'
import { refusalSentences } from './wording.ts'

/** What the owner should know or decide now: a new version, no network. One line each, at the top of the page. */
export function Notices({ view, actions }: { readonly view: PageView; readonly actions: PageActions }) {
  return (
    <div class="notices" aria-live="polite">
      {view.update !== 'none' && (
        <div class="notice notice-update">
          <p>
            {view.update === 'ready'
              ? 'A new version is ready: hand over your agents and reload.'
              : 'Handing over your agents, then loading the new version…'}
          </p>
          {view.update === 'ready' && (
            <button type="button" class="button button-small" onClick={actions.update}>
              Hand over and reload
            </button>
          )}
        </div>
      )}
      {outsideText(view) !== null && (
        <div class="notice">
          <p>{outsideText(view)}</p>
        </div>
      )}
      {networkText(view) !== null && (
        <div class="notice">
          <p>{networkText(view)}</p>
        </div>
      )}
    </div>
  )
}

/** This tab would lend, and nobody takes it. */
function outsideText({ online, phase, host }: PageView): string | null {
  if (!online || phase !== 'lending' || !host || host.acquaintances.length > 0) return null
  const [first] = refusalSentences(host)
  return first === undefined ? null : `This tab is on line, but no host lets it in: no agents will come. ${first}`
}

function networkText({ online, cluster, phase, host }: PageView): string | null {
  const working = phase === 'lending' && host !== null && host.agents.length > 0
  if (!online)
    return working
      ? 'This machine is off line. Agents here go on working; their results wait for the network.'
      : 'This machine is off line.'
  if (cluster.state !== 'unreachable' || phase === 'asking') return null
  return working
    ? 'The rendezvous does not answer. Agents here go on working with the hosts they know.'
    : 'The rendezvous does not answer.'
}
