/**
 * Partial results that are pieces of a picture: an emitted value with a place and `pixels` is shown as an image.
 * Parses what an agent says (hostile, bounded) and keeps tiles of one picture together. No canvas here.
 */

/** A picture larger than this is not shown: 16 Mpx of RGBA are 64 MB in a canvas. */
export const PAINTING_PIXELS_MAX = 16_777_216
const EDGE_MAX = 16_384

export interface Tile {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
  /** RGBA, 4 bytes a pixel, rows from the top. */
  readonly rgba: Uint8ClampedArray<ArrayBuffer>
}

export interface Painting {
  /** One picture per program and launcher. */
  readonly key: string
  readonly title: string
  readonly width: number
  readonly height: number
  /** Whether width and height are the whole picture's; else they grow with the tiles. */
  readonly whole: boolean
  /** In the order of arrival; only ever appended to. */
  readonly tiles: readonly Tile[]
}

export interface TileMessage extends Tile {
  /** Size of the whole picture when the agent says it. */
  readonly of: { readonly w: number; readonly h: number } | null
}

const isSize = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= EDGE_MAX

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined

/**
 * `{ x, y, width, height, pixels, of?: { width, height } }`. Null when the value is not a tile, which is the ordinary
 * case: agents emit all kinds of things.
 */
export function parseTile(value: unknown): TileMessage | null {
  const [x, y, w, h] = ['x', 'y', 'width', 'height'].map((name) => field(value, name))
  if (!isSize(x) || !isSize(y) || !isSize(w) || !isSize(h) || w === 0 || h === 0) return null
  if ((x + w) * (y + h) > PAINTING_PIXELS_MAX) return null
  const bytes = pixelBytes(field(value, 'pixels'))
  const rgba = bytes && rgbaOf(bytes, w * h)
  if (!rgba) return null
  const [wide, high] = ['width', 'height'].map((name) => field(field(value, 'of'), name))
  const whole = isSize(wide) && isSize(high) && wide >= x + w && high >= y + h && wide * high <= PAINTING_PIXELS_MAX
  return { x, y, w, h, rgba, of: whole ? { w: wide, h: high } : null }
}

/** Bytes, or a list of them. */
function pixelBytes(pixels: unknown): Uint8Array | null {
  if (pixels instanceof Uint8Array) return pixels
  return Array.isArray(pixels) ? Uint8Array.from(pixels, Number) : null
}

/** One byte a pixel is a place on the page's colour ramp, three are RGB, four RGBA. */
function rgbaOf(bytes: Uint8Array, pixels: number): Uint8ClampedArray<ArrayBuffer> | null {
  const channels = bytes.length / pixels
  if (channels !== 1 && channels !== 3 && channels !== 4) return null
  const rgba = new Uint8ClampedArray(pixels * 4)
  for (let i = 0; i < pixels; i++) {
    const from = i * channels
    const [r, g, b] =
      channels === 1 ? ramp(bytes[from] ?? 0) : [bytes[from] ?? 0, bytes[from + 1] ?? 0, bytes[from + 2] ?? 0]
    rgba.set([r, g, b, channels === 4 ? (bytes[from + 3] ?? 255) : 255], i * 4)
  }
  return rgba
}

/** 0, "never left", is ink; from 1 on it goes from the deep blue of the mark over sky to its warm middle. */
function ramp(value: number): readonly [number, number, number] {
  if (value === 0) return [10, 22, 34]
  // Most points escape early: the root spreads the low values over the ramp.
  const t = Math.sqrt((value - 1) / 254)
  return t < 0.5
    ? [18 + 152 * t, 58 + 264 * t, 94 + 260 * t]
    : [94 + 322 * (t - 0.5), 190 + 40 * (t - 0.5), 224 - 160 * (t - 0.5)]
}

/** The paintings with this tile added to its own. At most `paintingsMax` are kept; the oldest goes. */
export function addTile(
  paintings: readonly Painting[],
  key: string,
  title: string,
  tile: TileMessage,
  paintingsMax = 3,
): readonly Painting[] {
  const old = paintings.find((painting) => painting.key === key)
  const painting: Painting = {
    key,
    title,
    width: Math.max(old?.width ?? 0, tile.of?.w ?? 0, tile.x + tile.w),
    height: Math.max(old?.height ?? 0, tile.of?.h ?? 0, tile.y + tile.h),
    whole: tile.of !== null,
    tiles: [
      ...(old?.tiles ?? []).filter((t) => t.x !== tile.x || t.y !== tile.y || t.w !== tile.w || t.h !== tile.h),
      tile,
    ],
  }
  // Overlapping tiles must not pile up: together they cover no more than the largest picture.
  const pixels = painting.tiles.reduce((area, { w, h }) => area + w * h, 0)
  if (pixels > PAINTING_PIXELS_MAX || painting.width * painting.height > PAINTING_PIXELS_MAX) return paintings
  if (old) return paintings.map((other) => (other === old ? painting : other))
  return [painting, ...paintings].slice(0, paintingsMax)
}
