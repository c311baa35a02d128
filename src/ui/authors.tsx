import { useState } from 'preact/hooks'
import type { Did } from '../identity/did.ts'
import type { AuthorView, ClusterView, PageActions } from './page-view.ts'

/** Whose programs may run here: consent is given author by author, and taken back the same way. */
const dateText = (ms: number): string =>
  new Date(ms).toLocaleDateString(undefined, { year: 'numeric', month: 'long', day: 'numeric' })

interface ChoiceProps {
  readonly authors: readonly AuthorView[]
  readonly label: string
  readonly actions: PageActions
}

/** Tick whom you trust, then agree. Nothing is ticked for you. */
export function AuthorChoice({ authors, label, actions }: ChoiceProps) {
  const [ticked, setTicked] = useState<ReadonlySet<Did>>(new Set())
  const [missing, setMissing] = useState(false)
  const toggle = (did: Did) => {
    const next = new Set(ticked)
    if (!next.delete(did)) next.add(did)
    setTicked(next)
    setMissing(false)
  }
  const submit = (event: Event) => {
    event.preventDefault()
    if (ticked.size === 0) setMissing(true)
    else actions.agree([...ticked])
  }
  return (
    <form onSubmit={submit}>
      <fieldset class="choices" aria-describedby="choices-fault">
        <legend class="visually-hidden">Authors whose programs may run here</legend>
        {authors.map((author) => (
          <label key={author.did} class="choice">
            <input type="checkbox" checked={ticked.has(author.did)} onChange={() => toggle(author.did)} />
            <span class="choice-name">
              {author.name}
              {author.isRoot && <em class="choice-root"> a root: lets others launch agents here too</em>}
            </span>
            <code class="key">{author.did}</code>
          </label>
        ))}
      </fieldset>
      <p id="choices-fault" class="fault" role="alert">
        {missing ? 'Tick at least one author first.' : ''}
      </p>
      <button type="submit" class="button button-go">
        {label}
      </button>
    </form>
  )
}

interface ConsentProps {
  readonly cluster: ClusterView
  readonly authors: readonly AuthorView[]
  readonly actions: PageActions
}

/** The card of the first visit. */
export function Consent({ cluster, authors, actions }: ConsentProps) {
  return (
    <section class="panel consent" aria-labelledby="consent-title">
      <h2 id="consent-title">Whose programs may run here?</h2>
      <ConsentBody cluster={cluster} authors={authors} actions={actions} />
    </section>
  )
}

function ConsentBody({ cluster, authors, actions }: ConsentProps) {
  if (authors.length > 0)
    return (
      <>
        <p>
          Only programs signed by an author you tick can enter, launched by the author or by whom the author lets; every
          signature is checked here. The names are told by the operator of{' '}
          {cluster.state !== 'asking' && cluster.name ? <strong>{cluster.name}</strong> : 'this cluster'}; the key is
          what counts.
        </p>
        <p>
          If you agree, they use this machine’s processor, and other hosts see its IP address. They do not see your
          files or other sites.
        </p>
        <AuthorChoice authors={authors} label="Agree and start" actions={actions} />
        <p class="quiet">Your choice is kept in this browser. You can withdraw it at any time.</p>
      </>
    )
  if (cluster.state === 'asking')
    return (
      <div class="waiting" aria-busy="true">
        <p>Asking the rendezvous who its authors are…</p>
        <div class="skeleton" />
        <div class="skeleton skeleton-button" />
      </div>
    )
  if (cluster.state === 'unreachable')
    return (
      <>
        <p>
          The rendezvous does not answer, so this page cannot tell you whose programs would come. Nothing runs without
          that. It asks again by itself.
        </p>
        <button type="button" class="button" onClick={actions.askClusterAgain}>
          Ask again now
        </button>
      </>
    )
  return <p>{cluster.name} has not announced any author yet, so there is nothing to agree to. Come back later.</p>
}

/** The panel of later visits: who has consent since when, who asks for it. */
export function Authors({
  authors,
  actions,
}: {
  readonly authors: readonly AuthorView[]
  readonly actions: PageActions
}) {
  const agreed = authors.filter((author) => author.agreedMs !== null)
  const asking = authors.filter((author) => author.agreedMs === null)
  return (
    <section class="panel desk-who" aria-labelledby="authors-title">
      <h2 id="authors-title">Whose programs run here</h2>
      <ul class="authors">
        {agreed.map((author) => (
          <li key={author.did} class="author">
            <div>
              <span class="choice-name">
                {author.name}
                {author.isRoot && <em class="choice-root"> a root: lets others launch agents here too</em>}
              </span>
              <code class="key">{author.did}</code>
              <p class="quiet">You agreed on {dateText(author.agreedMs ?? 0)}.</p>
            </div>
            <button
              type="button"
              class="button button-small"
              onClick={() => actions.withdraw(author.did)}
              aria-label={`Withdraw consent from ${author.name}`}
            >
              Withdraw
            </button>
          </li>
        ))}
      </ul>
      {asking.length > 0 && (
        <>
          <div class="also-announced">
            <h3>Also announced here</h3>
            <p class="quiet">Their programs are refused until you agree.</p>
          </div>
          <AuthorChoice authors={asking} label="Agree" actions={actions} />
        </>
      )}
    </section>
  )
}
