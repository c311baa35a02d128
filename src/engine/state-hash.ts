/**
 * The one number two hosts compare: a SHA-256 Merkle root over an image. Pages are the leaves of a binary tree, in page
 * order, so that a difference can be bisected to one page; everything else is one more leaf in canonical DAG-CBOR.
 * Leaves and nodes are hashed under different first bytes (RFC 6962, section 2.1).
 */
import { concatBytes, toHex } from '../base/bytes.ts'
import { encode } from '../base/codec.ts'
import { sha256 } from '../base/digest.ts'
import type { KernelImage, MachineImage } from './image.ts'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

export function hashImage(image: MachineImage): string {
  const kernels = image.kernels.map((kernel) => ({ ...plain(kernel), root: pageRoot(kernel.pages) }))
  const rest = { ...plain(image), fuelUsed: String(image.fuelUsed), kernels }
  return toHex(node(pageRoot(image.pages), leaf(encode(rest))))
}

/** Everything but the pages, in a form the codec knows: maps as sorted pairs, big integers as text, floats as text. */
function plain(image: MachineImage | KernelImage): Record<string, unknown> {
  const { pages: _pages, globals, ...rest } = image
  const pairs = [...globals].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name, String(value)])
  return { ...rest, globals: pairs }
}

function pageRoot(pages: ReadonlyMap<number, Uint8Array>): Uint8Array {
  let level: Uint8Array[] = [...pages]
    .sort(([a], [b]) => a - b)
    .map(([page, bytes]) => {
      const index = new Uint8Array(4)
      new DataView(index.buffer).setUint32(0, page)
      return leaf(concatBytes(index, bytes))
    })
  if (level.length === 0) return leaf(new Uint8Array(0))
  while (level.length > 1) {
    const above: Uint8Array[] = []
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i], level[i + 1]]
      if (left !== undefined) above.push(right === undefined ? left : node(left, right))
    }
    level = above
  }
  return level[0] ?? leaf(new Uint8Array(0))
}

const leaf = (bytes: Uint8Array): Uint8Array => sha256(concatBytes(LEAF, bytes))
const node = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(concatBytes(NODE, left, right))
