import type { SimActions, SimFault, SimPageView } from './sim-view.ts'

/** Misfortunes that come by chance, again and again, while their switch is on. What each does is said when it is on. */
export function Faults({ view, actions }: { readonly view: SimPageView; readonly actions: SimActions }) {
  const on = new Set(view.frame?.faults ?? [])
  const active = view.faults.filter(({ id }) => on.has(id))
  return (
    <section class="panel faults" aria-labelledby="faults-title">
      <h2 id="faults-title">Faults by chance</h2>
      <div class="fault-groups">
        {groupsOf(view.faults).map(([group, faults]) => (
          <fieldset key={group} class="fault-group">
            <legend>{group}</legend>
            {faults.map((fault) => (
              <Switch key={fault.id} fault={fault} on={on.has(fault.id)} actions={actions} />
            ))}
          </fieldset>
        ))}
      </div>
      <p class="quiet faults-on">
        {active.length === 0
          ? 'While a switch is on, its misfortune strikes again and again, wherever the seed has it.'
          : active.map(({ label, says }) => `${label}: ${says}.`).join(' ')}
      </p>
    </section>
  )
}

function groupsOf(faults: readonly SimFault[]): readonly (readonly [string, readonly SimFault[]])[] {
  const groups = new Map<string, SimFault[]>()
  for (const fault of faults) groups.set(fault.group, [...(groups.get(fault.group) ?? []), fault])
  return [...groups]
}

function Switch({
  fault,
  on,
  actions,
}: {
  readonly fault: SimFault
  readonly on: boolean
  readonly actions: SimActions
}) {
  const { id, label, says } = fault
  return (
    <label class="switch" title={says}>
      <input
        type="checkbox"
        role="switch"
        checked={on}
        aria-checked={on}
        onChange={(event) => actions.switchFault(id, event.currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  )
}
