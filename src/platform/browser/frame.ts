import { FRAME_DOCUMENT } from '../../sandbox/frame.ts'

/**
 * A frame of its own for each guest (sandbox/frame.ts): the page gives it the guest's script and one end of a channel, and
 * hears nothing from the frame itself. Taking the frame away ends the worker in it, and whatever that had started.
 */
export interface Frame {
  remove(): void
}

/** Chromium's list of what a permissions policy can switch off; other browsers do not tell, and give an opaque origin little. */
interface TellingDocument extends Document {
  readonly featurePolicy?: { features(): readonly string[] }
}

/** Everything off, whatever this browser calls it. */
const permissions = (): string =>
  ((document as TellingDocument).featurePolicy?.features() ?? []).map((feature) => `${feature} 'none'`).join('; ')

/** `port` goes to the worker that runs `script`. */
export function openFrame(script: Blob, port: MessagePort): Frame {
  const frame = document.createElement('iframe')
  frame.setAttribute('sandbox', 'allow-scripts')
  frame.allow = permissions()
  frame.tabIndex = -1
  // Within the window and not hidden: browsers give the processes of frames that nobody can see less of the processor.
  frame.style.cssText = 'position: fixed; inset: 0 auto auto 0; width: 1px; height: 1px; border: 0; opacity: 0'
  frame.style.pointerEvents = 'none'
  // An opaque origin has no name that a message could be addressed to; the page's policy lets this frame go nowhere else.
  frame.onload = () => frame.contentWindow?.postMessage(script, '*', [port])
  frame.srcdoc = FRAME_DOCUMENT
  yard().append(frame)
  return { remove: () => frame.remove() }
}

let place: ShadowRoot | null = null

/** In a closed shadow tree, so that neither `parent.frames` nor the page's own scripts lead from one frame to another. */
function yard(): ShadowRoot {
  if (place) return place
  const host = document.createElement('div')
  host.ariaHidden = 'true'
  place = host.attachShadow({ mode: 'closed' })
  document.body.append(host)
  return place
}
