/**
 * AssemblyScript. Escape times of the Mandelbrot set, one byte a pixel: 0 inside (as far as `iterationsMax` tells), else
 * 1 to 255, rising with the logarithm-free escape time. Rows are written one after the other into a buffer.
 */
let buffer: usize = 0
let bufferBytes: i32 = 0

/** Room for so many bytes; the address that `row` writes from. Call it once. */
export function reserve(bytes: i32): usize {
  assert(buffer === 0, 'reserved already')
  assert(bytes > 0 && bytes <= 16 * 1024 * 1024, 'bytes are not within 1..16 MiB')
  buffer = heap.alloc(bytes)
  bufferBytes = bytes
  return buffer
}

/** Pixels (x0 + i·dx, y), i below `width`, into the buffer from `offset` on. */
export function row(offset: i32, width: i32, x0: f64, dx: f64, y: f64, iterationsMax: i32): void {
  assert(offset >= 0 && width > 0 && width <= bufferBytes && offset <= bufferBytes - width, 'row is outside the buffer')
  for (let i = 0; i < width; i++) {
    const steps = escapeTime(x0 + <f64>i * dx, y, iterationsMax)
    store<u8>(buffer + offset + i, steps === 0 ? 0 : 1 + ((steps - 1) % 255))
  }
}

/** Steps until z leaves the circle of radius 2, from 1; 0 where it does not. */
function escapeTime(cx: f64, cy: f64, iterationsMax: i32): i32 {
  let x: f64 = 0
  let y: f64 = 0
  for (let n = 1; n <= iterationsMax; n++) {
    const xx = x * x
    const yy = y * y
    if (xx + yy > 4) return n
    y = 2 * x * y + cy
    x = xx - yy + cx
  }
  return 0
}
