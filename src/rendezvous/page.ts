import { createHash } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { FRAME_SCRIPT_SOURCE } from '../sandbox/frame.ts'
import { PAGE_FILE_BYTES_MAX, PAGE_FILES_MAX } from './limits.ts'

/**
 * The built volunteer page, file by file, with its security and caching headers. Serves what lies inside its folder
 * and nothing else; compresses each file once. No templates, no listing, no range requests.
 */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.map': 'application/json',
}
const COMPRESSED = new Set(['.html', '.js', '.mjs', '.css', '.json', '.webmanifest', '.wasm', '.svg', '.txt', '.map'])

/**
 * The page runs its own scripts and WebAssembly, talks to its own origin, and is framed by nobody. The frames that it puts
 * around guests inherit this policy beside their own: hence the name of their script and workers made from text. They are
 * written into the page, and no other frame is allowed, so that whoever might rule one could not lead it elsewhere.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  `script-src 'self' 'wasm-unsafe-eval' ${FRAME_SCRIPT_SOURCE}`,
  "worker-src 'self' blob:",
  "frame-src 'none'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // What a content security policy does not know of: names asked for ahead, connections opened ahead, navigation. Frames
  // inherit it. Chromium's, so far: https://wicg.github.io/connection-allowlists/
  'connection-allowlist': '(response-origin); webrtc=allow',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=()',
}

/** Vite names assets by their content; everything else may change under its name. */
const isImmutable = (path: string): boolean => /^\/assets\/.+-[\w-]{8,}\.\w+$/.test(path)

interface PageFile {
  readonly mtimeMs: number
  readonly etag: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly packed: Map<'br' | 'gzip', Promise<Uint8Array<ArrayBuffer>>>
}

export interface Page {
  /** Null where the folder has no such file. */
  respond(path: string, request: { readonly encodings: string; readonly etag: string }): Promise<Response | null>
}

export function createPage(folder: string): Page {
  const files = new Map<string, PageFile>()
  return {
    async respond(urlPath, { encodings, etag }) {
      const path = urlPath.endsWith('/') ? `${urlPath}index.html` : urlPath
      const file = await load(folder, path, files)
      if (!file) return null
      const headers = headersOf(path, file)
      if (etag === file.etag) return new Response(null, { status: 304, headers })
      const encoding = COMPRESSED.has(extname(path)) ? preferred(encodings) : null
      if (encoding === null) return new Response(file.bytes, { headers })
      return new Response(await pack(file, encoding), { headers: { ...headers, 'content-encoding': encoding } })
    },
  }
}

async function load(folder: string, path: string, files: Map<string, PageFile>): Promise<PageFile | null> {
  if (!/^(\/[\w@-][\w.@-]*)+$/.test(path)) return null
  try {
    const root = await realpath(folder)
    const real = await realpath(join(root, path))
    if (!real.startsWith(root + sep)) return null
    const { mtimeMs, size } = await stat(real)
    const known = files.get(path)
    if (known?.mtimeMs === mtimeMs) return known
    if (size > PAGE_FILE_BYTES_MAX || (!known && files.size >= PAGE_FILES_MAX)) return null
    const bytes = Uint8Array.from(await readFile(real))
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
    const file = { mtimeMs, etag, bytes, packed: new Map() }
    files.set(path, file)
    return file
  } catch {
    return null // no such file, or a directory
  }
}

function headersOf(path: string, file: PageFile): Record<string, string> {
  return {
    ...SECURITY_HEADERS,
    'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
    'content-security-policy': PAGE_POLICY,
    'cache-control': isImmutable(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: file.etag,
    vary: 'accept-encoding',
  }
}

const preferred = (encodings: string): 'br' | 'gzip' | null => {
  const offered = encodings.split(',').map((encoding) => encoding.trim().split(';')[0])
  return offered.includes('br') ? 'br' : offered.includes('gzip') ? 'gzip' : null
}

const brotli = promisify(brotliCompress)
const zip = promisify(gzip)

function pack(file: PageFile, encoding: 'br' | 'gzip'): Promise<Uint8Array<ArrayBuffer>> {
  const known = file.packed.get(encoding)
  if (known) return known
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }
  const packed = (encoding === 'br' ? brotli(file.bytes, quality) : zip(file.bytes)).then((bytes) =>
    Uint8Array.from(bytes),
  )
  file.packed.set(encoding, packed)
  return packed
}
