import { agent } from 'sojourn/agent'
import type { Input, Tile } from './tiles.ts'

/** Computes strips of a picture of the Mandelbrot set and emits each as a tile. */
interface Kernel {
  reserve(bytes: number): number
  row(offset: number, width: number, x0: number, dx: number, y: number, iterationsMax: number): void
}

export default agent(async (self, input: Input): Promise<{ rows: number; tiles: number }> => {
  const { width, height, x0, y0, x1, y1, iterations } = input
  const kernel = await self.kernel<Kernel>('mandelbrot')
  const tallest = Math.max(...input.rows.map(([from, to]) => to - from))
  const address = kernel.reserve(width * tallest)
  const dx = (x1 - x0) / width
  const dy = (y1 - y0) / height
  let rows = 0
  for (const [index, [from, to]] of input.rows.entries()) {
    for (let row = from; row < to; row++) {
      // The middle of each pixel.
      kernel.row((row - from) * width, width, x0 + dx / 2, dx, y0 + (row + 0.5) * dy, iterations)
      rows++
    }
    const tile: Tile = {
      x: 0,
      y: from,
      width,
      height: to - from,
      of: { width, height },
      pixels: kernel.memory.read(address, width * (to - from)),
    }
    await self.emit(tile)
    self.progress((index + 1) / input.rows.length)
  }
  return { rows, tiles: input.rows.length }
})
