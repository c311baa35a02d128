const bits = (x) => { const view = new DataView(new ArrayBuffer(8)); view.setFloat64(0, x); return view.getBigUint64(0).toString(16).padStart(16, '0') }
const inputs = [0.1, -0.7, 1.5, 3, -10.25, 1e-8, 1e5, 12345.678, -0, 0.9999999]
const functions = ['abs', 'acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'cbrt', 'ceil', 'clz32', 'cos', 'cosh', 'exp', 'expm1', 'floor', 'fround', 'log', 'log10', 'log1p', 'log2', 'round', 'sign', 'sin', 'sinh', 'sqrt', 'tan', 'tanh', 'trunc']
for (const name of functions) { busy(60); console.log(name, inputs.map((x) => bits(Math[name](x))).join(' ')) }
console.log([[2, 0.5], [-8, 1 / 3], [1.0000001, 1e7], [0, 0], [2, -1074], [10, 308], [1, Infinity], [0.5, 1075]].map(([a, b]) => bits(Math.pow(a, b))).join(' '))
console.log([[1, 2], [-1, -0], [0, -1], [1e300, 1e-300]].map(([a, b]) => bits(Math.atan2(a, b))).join(' '), bits(Math.hypot(3, 4, 12.5)), bits(Math.hypot(1e200, 1e200)), Math.imul(0xffffffff, 5), Math.max(), Math.min(), Math.max(NaN, 1), bits(Math.max(-0, 0)))
for (const name of Object.getOwnPropertyNames(Math).filter((one) => typeof Math[one] === 'number').sort()) console.log(name, bits(Math[name]))
let sum = 0, compensation = 0
for (let i = 1; i <= 3000; i++) { const y = 1 / i - compensation; const t = sum + y; compensation = t - sum - y; sum = t }
console.log(bits(sum), sum)
let x = 0.3
for (let i = 0; i < 4000; i++) x = 3.9 * x * (1 - x)
console.log(bits(x))
const bodies = [[0, 0, 0, 0, 1000], [10, 0, 0, 9, 1], [0, 20, -7, 0, 2]]
for (let step = 0; step < 120; step++) {
  for (const a of bodies) for (const b of bodies) if (a !== b) { const dx = b[0] - a[0], dy = b[1] - a[1], d = Math.hypot(dx, dy) + 0.01, f = b[4] / (d * d * d); a[2] += dx * f * 0.01; a[3] += dy * f * 0.01 }
  for (const a of bodies) { a[0] += a[2] * 0.01; a[1] += a[3] * 0.01 }
}
console.log(bodies.flat().map(bits).join(' '))
const fft = (re, im) => { const n = re.length; if (n === 1) return; const [er, ei, or, oi] = [[], [], [], []]; for (let i = 0; i < n; i += 2) { er.push(re[i]); ei.push(im[i]); or.push(re[i + 1]); oi.push(im[i + 1]) } fft(er, ei); fft(or, oi); for (let k = 0; k < n / 2; k++) { const c = Math.cos((-2 * Math.PI * k) / n), s = Math.sin((-2 * Math.PI * k) / n), tr = c * or[k] - s * oi[k], ti = c * oi[k] + s * or[k]; re[k] = er[k] + tr; im[k] = ei[k] + ti; re[k + n / 2] = er[k] - tr; im[k + n / 2] = ei[k] - ti } }
const re = Array.from({ length: 64 }, (_, i) => Math.sin(i / 3) + (i % 5)), im = new Array(64).fill(0)
fft(re, im)
console.log(re.slice(0, 6).map(bits).join(' '), bits(im[33]))
console.log(bits(NaN), bits(-NaN), bits(0 / 0), bits(Math.sqrt(-1)), bits(Infinity - Infinity), bits(new Float32Array([NaN])[0]), bits(Number('x')))
