const values = [0, -0, 1 / 3, 1e21, 1e-7, 123456789012345680000, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e300 * 1e10, -1e-300 / 1e300, 4.35, 1.005, 255, 2 ** 53 + 2, NaN, 100, 0.000001, 1234.5678, 25e-1]
for (const x of values) { busy(100); console.log([String(x), x.toString(2).slice(0, 40), x.toString(36).slice(0, 20), x.toFixed(2), x.toFixed(0), x.toExponential(), x.toExponential(3), x.toPrecision(4), Number.isFinite(x) ? x.toPrecision(21) : '-'].join(' ')) }
const texts = ['12', ' 12 ', '0x1F', '0b101', '0o17', '1e3', '.5', '5.', '1_000', '', ' ', '-', '+5', 'Infinity', '-Infinity', 'infinity', '1e1000', '0x', '12px', '١', '\u00a07\ufeff', '-0', '1e', '0.1e-2']
for (const text of texts) console.log(JSON.stringify(text), Object.is(Number(text), -0) ? '-0' : Number(text), parseFloat(text), parseInt(text), parseInt(text, 16), +text === Number(text))
console.log(parseInt('z', 36), parseInt('123', 37), parseInt('9007199254740993'), parseInt(0.0000005), parseInt('0.9'), parseFloat('3.14.15'), parseFloat('1e+2x'), Number('9'.repeat(25)), Number([5]), Number([1, 2]), Number({}), Number(null), Number(undefined), Number(new Date(5)), Number('0x10n'))
console.log(1_000_000, 0b11, 0o17, 0xff, .5e1, 010, 08, 2 ** -1, (-2) ** 2, 7 % -3, -7 % 3, 5.5 % 2, 1 / -0, 0 / 0, 2 ** 1024, 2 ** -1075, 9007199254740992 + 1, 0.1 * 3, 1e16 + 1)
console.log([1.5, -1.5, 2 ** 31, 2 ** 32 + 1, -1, 1e20, NaN].map((x) => [x | 0, x >>> 0, x << 1, x >> 1, ~~x].join(':')), Number.MAX_SAFE_INTEGER, Number.EPSILON, Number.MIN_VALUE, Number.isInteger(5.0), Number.isSafeInteger(2 ** 53))
let round = 0
for (let i = 0; i < 300; i++) { const x = (i * 7919) / 997 / 10 ** (i % 40); if (Number(String(x)) === x && parseFloat(x.toExponential()) === x && Number(x.toPrecision(17)) === x) round++ }
check('round trips', round, 300)
for (const run of [() => (1).toFixed(-1), () => (1).toString(1), () => (1).toPrecision(0), () => (1).toExponential(101), () => Number.prototype.toString.call('x')]) try { run() } catch (error) { console.log(error.name) }
console.log((25).toString(3), (-255).toString(16), (0.5).toString(3).slice(0, 12), (1e21).toLocaleString().length > 0, (123.456).toFixed(1), (1e21).toFixed(2), (0).toExponential(2), (1.45).toFixed(1), (8.345).toFixed(2), (-1.5).toFixed(0), (2.5).toFixed(0), (1e-10).toFixed(2))
