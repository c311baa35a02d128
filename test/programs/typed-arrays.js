const size = 20000
const sieve = new Uint8Array(size + 1)
let primes = 0
for (let i = 2; i <= size; i++) {
  if (sieve[i]) continue
  primes++
  for (let j = i * 2; j <= size; j += i) sieve[j] = 1
}
console.log('primes', primes)
const floats = Float64Array.from({ length: 64 }, (_, i) => Math.sin(i) * 1e3)
console.log(floats.reduce((a, b) => a + b, 0), new Float32Array(floats.buffer, 8, 4)[1])
const view = new DataView(new ArrayBuffer(16))
view.setBigInt64(0, -5n)
view.setFloat32(8, Math.PI, true)
console.log(view.getUint8(7), view.getUint32(8), new Uint8Array(view.buffer).toHex())
console.log(new TextDecoder().decode(new TextEncoder().encode('grüße 🚀')), btoa('sojourn'))
