/** Which rows of a picture an agent computes; used by whoever launches. */
export interface Picture {
  /** Of the whole picture, in pixels. */
  readonly width: number
  readonly height: number
  /** Corners in the complex plane: top left and bottom right. */
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
  /** A point that has not escaped after so many steps counts as inside. */
  readonly iterations: number
}

export interface Input extends Picture {
  /** Strips: from row to before row. */
  readonly rows: readonly (readonly [number, number])[]
}

/** One emitted strip: a byte a pixel, row by row; 0 inside, else 1 to 255 by escape time. */
export interface Tile {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** The whole picture. */
  readonly of: { readonly width: number; readonly height: number }
  readonly pixels: Uint8Array
}

/** Rows of a strip: a fraction of a second of work, and at 1,000 pixels a row 16 KB to send. */
export const STRIP_ROWS = 16

/** Inputs for so many agents. Strips are dealt like cards, because those in the middle of the picture take longer. */
export function split(picture: Picture, parts: number): Input[] {
  const hands: [number, number][][] = Array.from({ length: parts }, () => [])
  for (let from = 0, turn = 0; from < picture.height; from += STRIP_ROWS, turn++) {
    hands[turn % parts]?.push([from, Math.min(from + STRIP_ROWS, picture.height)])
  }
  return hands.filter((rows) => rows.length > 0).map((rows) => ({ ...picture, rows }))
}
