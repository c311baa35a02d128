import type { PageActions, PageView } from './page-view.ts'

/** The few things to choose, behind a disclosure. A choice the browser cannot honour says so in a sentence. */
const HOST_NAME_CHARS = 32

export function Settings({ view, actions }: { readonly view: PageView; readonly actions: PageActions }) {
  const { settings } = view
  return (
    <details class="panel fold">
      <summary>
        <h2>Settings</h2>
      </summary>
      <div class="fold-body">
        <div class="field">
          <label for="host-name">Name of this host</label>
          <input
            id="host-name"
            type="text"
            maxLength={HOST_NAME_CHARS}
            value={settings.name}
            autocomplete="off"
            spellcheck={false}
            aria-describedby="host-name-hint"
            onChange={(event) => actions.rename(event.currentTarget.value)}
          />
          <p id="host-name-hint" class="quiet">
            Other hosts see it. A new name counts from the next start.
          </p>
        </div>
        <div class="field">
          <label class="tick">
            <input
              type="checkbox"
              checked={settings.pauseOnBattery && settings.discharging !== null}
              disabled={settings.discharging === null}
              aria-describedby="battery-hint"
              onChange={(event) => actions.setPauseOnBattery(event.currentTarget.checked)}
            />
            Pause while this machine runs on its battery
          </label>
          <p id="battery-hint" class="quiet">
            {batteryText(settings.discharging)}
          </p>
        </div>
        <div class="field">
          <label class="tick">
            <input
              type="checkbox"
              checked={settings.relayOnly}
              disabled={!settings.relayOffered && !settings.relayOnly}
              aria-describedby="relay-hint"
              onChange={(event) => actions.setRelayOnly(event.currentTarget.checked)}
            />
            Hide this machine’s IP address from other hosts
          </label>
          <p id="relay-hint" class="quiet">
            {settings.relayOffered
              ? 'Everything then goes through this cluster’s relay, which is slower. Counts from the next start.'
              : 'This cluster offers no relay, so hosts connect directly and see each other’s address.'}
          </p>
        </div>
        {view.installable && (
          <div class="field">
            <button type="button" class="button button-small" onClick={actions.install}>
              Install Sojourn as an app
            </button>
            <p class="quiet">It opens in a window of its own and starts without the network.</p>
          </div>
        )}
      </div>
    </details>
  )
}

function batteryText(discharging: boolean | null): string {
  if (discharging === null)
    return 'This browser does not tell pages about the battery. Please pause by hand when you unplug.'
  return discharging ? 'It runs on its battery now.' : 'It is on mains power now.'
}
