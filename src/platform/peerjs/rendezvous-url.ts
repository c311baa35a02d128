import { accept, type Result, refuse } from '../../base/result.ts'

/** Where a rendezvous is: PeerJS wants it in pieces, fetch whole, and the challenge by its name. */
export interface RendezvousPlace {
  readonly secure: boolean
  readonly host: string
  readonly port: number
  /** Begins and ends with a slash. */
  readonly path: string
  /** `host[:port]` as in the Host header: without the port where it is the scheme's own. */
  readonly name: string
  /** http(s)://host:port/path/ */
  readonly httpUrl: string
}

/** Takes http, https, ws and wss; people paste what they have. */
export function parseRendezvousUrl(text: string): Result<RendezvousPlace, 'URL'> {
  const match = /^(http|https|ws|wss):\/\/([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?(\/[\w./~-]*)?$/.exec(
    text.trim(),
  )
  if (!match) return refuse('URL', `"${text}" is not a URL such as https://host:port`)
  const [, scheme = '', host = '', portText, path = '/'] = match
  const secure = scheme === 'https' || scheme === 'wss'
  const standardPort = secure ? 443 : 80
  const port = portText === undefined ? standardPort : Number(portText)
  if (port < 1 || port > 65_535) return refuse('URL', `port ${port} is not in 1..65535`)
  const name = (port === standardPort ? host : `${host}:${port}`).toLowerCase()
  const folder = path.endsWith('/') ? path : `${path}/`
  return accept({ secure, host, port, path: folder, name, httpUrl: `${secure ? 'https' : 'http'}://${name}${folder}` })
}
