import { RTCPeerConnection } from 'node-datachannel/polyfill'
import { CHROMIUM_FLAGS, findChromium } from '../platform/node/chromium.ts'
import { FRAME_BYTES_MAX } from '../wire/limits.ts'

/**
 * A raw data channel between this process and a page in Chromium, nothing of ours on it: two pings, then the bytes in
 * frames, then the last pong, as between two edge hosts in hops.ts. Empty where there is no Chromium.
 */
export async function rawTabTimes(bytes: number, runs: number): Promise<number[]> {
  const executablePath = findChromium()
  if (executablePath === null) return []
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_FLAGS] })
  // As in webrtc.ts: the polyfill's types know nothing of it.
  const config: object = { iceServers: [] }
  const connection = new RTCPeerConnection(config)
  try {
    const page = await browser.newPage()
    const channel = connection.createDataChannel('raw')
    channel.binaryType = 'arraybuffer'
    const opened = new Promise<void>((resolve) => {
      channel.onopen = () => resolve()
    })
    await connection.setLocalDescription(await connection.createOffer())
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (connection.iceGatheringState === 'complete') resolve()
        else setTimeout(look, 10)
      }
      look()
    })
    const offer = connection.localDescription
    const answer = await page.evaluate(`(${ECHO})(${JSON.stringify({ type: 'offer', sdp: offer?.sdp })}, ${bytes})`)
    await connection.setRemoteDescription(answer as { type: 'answer'; sdp: string })
    await opened
    let pong = (): void => {}
    channel.onmessage = () => pong()
    const exchange = (send: () => void): Promise<void> =>
      new Promise((resolve) => {
        pong = resolve
        send()
      })
    const times: number[] = []
    for (let run = 0; run < runs; run++) {
      const fromMs = performance.now()
      for (let trip = 0; trip < 2; trip++) await exchange(() => channel.send(Uint8Array.of(0)))
      await exchange(() => {
        for (let left = Math.ceil(bytes); left > 0; left -= FRAME_BYTES_MAX)
          channel.send(new Uint8Array(Math.max(2, Math.min(left, FRAME_BYTES_MAX))))
      })
      times.push(performance.now() - fromMs)
    }
    return times
  } finally {
    connection.close()
    await browser.close()
  }
}

/** In the page: answers the offer, and each frame of one byte, and the last of the bytes. */
const ECHO = `async (offer, bytes) => {
  const connection = new RTCPeerConnection({ iceServers: [] })
  window.connection = connection
  connection.ondatachannel = ({ channel }) => {
    channel.binaryType = 'arraybuffer'
    let got = 0
    channel.onmessage = ({ data }) => {
      got = data.byteLength === 1 ? 0 : got + data.byteLength
      if (data.byteLength === 1 || got >= bytes) channel.send(new Uint8Array([1]))
    }
  }
  await connection.setRemoteDescription(offer)
  await connection.setLocalDescription(await connection.createAnswer())
  while (connection.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 10))
  return { type: 'answer', sdp: connection.localDescription.sdp }
}`
