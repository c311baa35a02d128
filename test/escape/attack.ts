/**
 * Attacks on the wall around a guest, as data: real code, the place where it gets to run, and how one sees that it worked.
 * `code` is the body of an async function that is given `canary`, the addresses of a server that counts who comes by.
 */
export interface Attack {
  readonly name: string
  readonly code: string
  /**
   * By the canary: something arrived there. By its answer: the code came to its end, where a wall would have made it throw.
   */
  readonly seenBy: 'canary' | 'answer'
  /**
   * Without the wall it works in Chromium as the tests start it, which is shown too; otherwise only that it does not work
   * behind the wall can be.
   */
  readonly worksOutside: boolean
}

/** The addresses of a canary (canary.ts), as attack code sees them. */
export interface CanaryAddress {
  readonly http: string
  readonly ws: string
  /** Of no loopback interface, where there is another: WebRTC gathers nothing on loopback. */
  readonly udp: string
}

export const leaves = (name: string, code: string, worksOutside = true): Attack => ({
  name,
  code,
  seenBy: 'canary',
  worksOutside,
})

export const reaches = (name: string, code: string, worksOutside = true): Attack => ({
  name,
  code,
  seenBy: 'answer',
  worksOutside,
})
