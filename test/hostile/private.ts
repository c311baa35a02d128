import { type LyingRendezvous, lie, passOn } from './lying-rendezvous.ts'

/** A rendezvous that offers a relay, passes everything on, and writes down what hosts tell it of where they are. */
export interface Listening extends LyingRendezvous {
  /** Candidates, from descriptions and by themselves. */
  readonly candidates: string[]
  readonly descriptions: string[]
}

/** `instead` may put other candidates in the place of those that hosts send by themselves. */
export async function listen(
  iceServers: readonly object[],
  instead: (candidate: string) => string = (candidate) => candidate,
): Promise<Listening> {
  const [candidates, descriptions]: [string[], string[]] = [[], []]
  const rendezvous = await lie((from, signal, lines) => {
    const { sdp } = signal.payload.sdp ?? {}
    if (sdp) {
      descriptions.push(sdp)
      candidates.push(...(sdp.match(/^a=candidate:.*$/gm) ?? []))
      return passOn(from, signal, lines)
    }
    const { candidate, ...rest } = signal.payload.candidate as { candidate: string }
    candidates.push(candidate)
    passOn(
      from,
      { ...signal, payload: { ...signal.payload, candidate: { ...rest, candidate: instead(candidate) } } },
      lines,
    )
  }, iceServers)
  return { ...rendezvous, candidates, descriptions }
}

/** An end of candidates is an empty one. */
export const typesIn = ({ candidates }: Listening): ReadonlySet<string> =>
  new Set(
    candidates
      .filter((candidate) => candidate !== '')
      .map((candidate) => / typ (\S+)/.exec(candidate)?.[1] ?? candidate),
  )

/** Where a relayed candidate says that it comes from: browsers and libraries may tell the host's own address here. */
export const sourcesIn = ({ candidates }: Listening): readonly string[] =>
  candidates.flatMap((candidate) => / raddr (\S+)/.exec(candidate)?.[1] ?? [])
