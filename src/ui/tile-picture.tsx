import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Painting, Tile } from './tile.ts'
import { percentText } from './wording.ts'

/** A picture that agents paint tile by tile. Draws only the tiles that are new; draws all again when the size changes. */
export function TilePicture({ painting }: { readonly painting: Painting }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const drawn = useRef(new Set<Tile>())
  const { width, height, tiles, title } = painting
  // Before the browser paints, so that a canvas which changes its size, and so forgets, never shows itself empty.
  useLayoutEffect(() => drawn.current.clear(), [width, height])
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    for (const tile of tiles) {
      if (drawn.current.has(tile)) continue
      context.putImageData(new ImageData(tile.rgba, tile.w, tile.h), tile.x, tile.y)
      drawn.current.add(tile)
    }
  }, [tiles])
  return (
    <figure class={painting.whole ? 'painting' : 'painting painting-growing'}>
      <canvas ref={canvas} width={width} height={height} role="img" aria-label={`Picture by ${title}`} />
      <figcaption>
        <strong>{title}</strong>: {shareText(painting)}
      </figcaption>
    </figure>
  )
}

function shareText({ tiles, width, height, whole }: Painting): string {
  const pieces = `${tiles.length === 1 ? '1 piece' : `${tiles.length} pieces`} painted in this tab`
  if (!whole) return `${pieces}. Other hosts paint the rest.`
  const share = tiles.reduce((area, tile) => area + tile.w * tile.h, 0) / (width * height)
  return `${pieces}, ${percentText(share)} of the picture. Other hosts paint the rest.`
}

export function Paintings({ paintings }: { readonly paintings: readonly Painting[] }) {
  if (paintings.length === 0) return null
  return (
    <section class="panel" aria-labelledby="paintings-title">
      <h2 id="paintings-title">What they paint</h2>
      {paintings.map((painting) => (
        <TilePicture key={painting.key} painting={painting} />
      ))}
    </section>
  )
}
