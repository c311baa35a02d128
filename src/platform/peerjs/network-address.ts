import type { PeerConnectionLike } from './port.ts'

/**
 * The IP address that the frames of a connection come from: what ICE has chosen, not what anybody said in a description.
 * Null where the platform does not tell, or hides it behind a name. For counting strangers; never logged, never shown.
 */
export function networkAddressOf(peerConnection: PeerConnectionLike | null): string | null {
  try {
    const remote = peerConnection?.sctp?.transport?.iceTransport?.getSelectedCandidatePair?.()?.remote
    return remote?.address || (remote?.candidate?.split(' ')[4] ?? null)
  } catch {
    return null // node-datachannel throws while nothing is chosen
  }
}
