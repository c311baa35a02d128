import type { Point } from './layout.ts'

/**
 * Small pictures that are drawn once and then set down wherever they are wanted. Without a graphics card, browsers fill and
 * stroke every outline anew; copying a few hundred pixels takes a tenth of that, and a cluster has some hundreds of each. A picture
 * is set down on whole pixels of the screen, so that it stays as sharp as it was drawn.
 */
type Canvas = CanvasRenderingContext2D

export class Stamps {
  /** Pixels of the screen in one of ours. */
  readonly #scale: number
  readonly #pictures = new Map<string, HTMLCanvasElement>()

  constructor(scale: number) {
    this.#scale = scale
  }

  /** `draw` draws round the origin, within `reachPx`; whatever it draws by must be in `name`. */
  press(canvas: Canvas, name: string, reachPx: number, at: Point, draw: (canvas: Canvas) => void): void {
    const picture = this.#pictures.get(name) ?? this.#make(name, reachPx, draw)
    const side = picture.width / this.#scale
    canvas.drawImage(picture, this.#onPixel(at.x - side / 2), this.#onPixel(at.y - side / 2), side, side)
  }

  #onPixel = (px: number): number => Math.round(px * this.#scale) / this.#scale

  #make(name: string, reachPx: number, draw: (canvas: Canvas) => void): HTMLCanvasElement {
    const picture = document.createElement('canvas')
    picture.width = picture.height = 2 * Math.ceil(reachPx * this.#scale)
    const canvas = picture.getContext('2d')
    if (canvas) {
      canvas.setTransform(this.#scale, 0, 0, this.#scale, picture.width / 2, picture.height / 2)
      draw(canvas)
    }
    this.#pictures.set(name, picture)
    return picture
  }
}
