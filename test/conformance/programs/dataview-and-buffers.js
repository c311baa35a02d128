const view = new DataView(new ArrayBuffer(64), 8, 40)
const writes = [['Int8', -5], ['Uint8', 250], ['Int16', -30000], ['Uint16', 60000], ['Int32', -2e9], ['Uint32', 4e9], ['Float32', 1.1], ['Float64', -Math.E], ['BigInt64', -(2n ** 60n)], ['BigUint64', 2n ** 63n + 1n]]
for (const little of [true, false]) for (const [kind, value] of writes) for (let at = 0; at < 5; at++) {
  view[`set${kind}`](at, value, little)
  const back = view[`get${kind}`](at, little), other = view[`get${kind}`](at, !little)
  busy(10)
  if (at === 3) console.log(kind, little, back, typeof other === 'number' && Number.isNaN(other) ? 'NaN' : other)
}
console.log(new Uint8Array(view.buffer).join(''))
for (const run of [() => view.getInt32(37), () => view.setFloat64(-1, 0), () => new DataView(view.buffer, 65), () => view.getInt8(Infinity), () => DataView(view.buffer), () => view.setBigInt64(0, 1)]) try { run() } catch (error) { console.log(error.name) }
const growing = new ArrayBuffer(8, { maxByteLength: 4096 })
const tracking = new Uint8Array(growing), fixed = new Uint8Array(growing, 0, 8)
for (let size = 16; size <= 4096; size *= 2) { growing.resize(size); tracking[size - 1] = size >> 4; busy(100) }
console.log(tracking.length, fixed.length, growing.resizable, growing.maxByteLength, tracking.reduce((a, b) => a + b))
growing.resize(4)
console.log(tracking.length, fixed.length, tracking.at(-1))
const moved = growing.transfer(32), pinned = moved.transferToFixedLength()
console.log(growing.detached, growing.byteLength, moved.detached, pinned.byteLength, pinned.resizable, tracking.length)
try { tracking.fill(1) } catch (error) { console.log(error.name) }
try { new Uint8Array(growing) } catch (error) { console.log(error.name) }
const floats = new Float32Array([NaN, -0, 1e-45, 3.4e38, 3.5e38])
console.log([...new Uint32Array(floats.buffer)].map((x) => x.toString(16)), Math.fround(5.05), new Float64Array(new BigUint64Array([0x7ff8000000000001n]).buffer)[0])
check('slice', ArrayBuffer.prototype.slice.call(pinned, 2, -2).byteLength, 28)
console.log(ArrayBuffer.isView(view), ArrayBuffer.isView(pinned), Object.prototype.toString.call(view), structuredClone(new Uint16Array([1, 500]))[1])
console.log(typeof SharedArrayBuffer, typeof Atomics)
