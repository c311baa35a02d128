/** What the signs on the picture mean. Drawn with the same shapes as the canvas draws. */
export function Legend() {
  return (
    <ul class="sim-legend" aria-label="Legend">
      <Sign name="edge worker">
        <circle class="sign-edge" cx="10" cy="10" r="6.5" />
      </Sign>
      <Sign name="browser tab">
        <circle class="sign-tab" cx="10" cy="10" r="6.5" />
      </Sign>
      <Sign name="launcher">
        <rect class="sign-launcher" x="4" y="4" width="12" height="12" rx="2" />
      </Sign>
      <Sign name="agent">
        <circle class="sign-agent" cx="10" cy="10" r="4" />
      </Sign>
      <Sign name="agent, its host silent">
        <circle class="sign-orphan" cx="10" cy="10" r="3.5" />
      </Sign>
      <Sign name="hop">
        <path class="sign-hop" d="M2 14Q10 2 18 14" />
      </Sign>
      <Sign name="recovery">
        <path class="sign-recovery" d="M2 14Q10 2 18 14" />
      </Sign>
      <Sign name="letter">
        <path class="sign-letter" d="M2 12L18 8" />
      </Sign>
      <Sign name="owner back">
        <circle class="sign-off" cx="10" cy="10" r="6.5" />
        <path class="sign-bar" d="M6.5 10h7" />
      </Sign>
      <Sign name="cut off">
        <circle class="sign-cut" cx="10" cy="10" r="6.5" />
      </Sign>
      <Sign name="frozen">
        <circle class="sign-frozen" cx="10" cy="10" r="6.5" />
        <path class="sign-bars" d="M8 7v6M12 7v6" />
      </Sign>
      <Sign name="dead">
        <circle class="sign-dead" cx="10" cy="10" r="6.5" />
        <path class="sign-cross" d="M6.5 6.5l7 7M13.5 6.5l-7 7" />
      </Sign>
    </ul>
  )
}

function Sign({ name, children }: { readonly name: string; readonly children: preact.ComponentChildren }) {
  return (
    <li>
      <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
        {children}
      </svg>
      <span>{name}</span>
    </li>
  )
}
