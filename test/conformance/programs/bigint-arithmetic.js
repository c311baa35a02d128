let a = 1n, b = 1n
for (let i = 0; i < 300; i++) { [a, b] = [b, a + b]; if (i % 50 === 0) busy(50) }
console.log(String(a).length, a % 1000000007n, a.toString(16).slice(0, 20), (a >> 100n) & 0xffffn)
const power = (base, exponent, modulus) => { let result = 1n; base %= modulus; while (exponent > 0n) { if (exponent & 1n) result = (result * base) % modulus; base = (base * base) % modulus; exponent >>= 1n } return result }
check('fermat', power(3n, 2n ** 127n - 2n, 2n ** 127n - 1n), 1n)
const gcd = (x, y) => (y === 0n ? x : gcd(y, x % y))
check('gcd', gcd(2n ** 90n * 3n, 6n ** 40n), 2n ** 40n * 3n)
console.log([-7n / 2n, -7n % 2n, -7n >> 1n, ~5n, 5n ^ -3n, -1n & 255n, 2n ** 64n - 1n, 1n << 65n, -(2n ** 63n)].map(String))
console.log(BigInt.asIntN(8, 200n), BigInt.asUintN(8, -1n), BigInt.asIntN(64, 2n ** 63n), BigInt('0xff'), BigInt('  12  '), BigInt(1e21), BigInt(true))
check('mixed compare', 2n > 1 && 1n == 1 && !(1n === 1) && 2n < 2.5 && 9007199254740993n > 9007199254740992)
console.log([3n, 1, 2n, 10, 4n].sort((x, y) => (x < y ? -1 : x > y ? 1 : 0)).map(String), typeof 1n, Number(2n ** 70n), parseInt('12n'), (123456789012345678901234567890n).toLocaleString('en').replace(/\D/g, ''))
for (const run of [() => 1n + 1, () => BigInt(1.5), () => 1n / 0n, () => 2n ** -1n, () => BigInt('x'), () => Math.max(1n), () => +1n, () => 1n >>> 0n]) try { run(); console.log('none') } catch (error) { busy(60); console.log(error.name) }
const view = new BigInt64Array([1n, -1n, 2n ** 63n])
const unsigned = new BigUint64Array(view.buffer)
console.log(view.map((x) => x * 2n), unsigned[1], view.join())
let pi = 0n, unit = 10n ** 60n
for (let k = 0n, term = unit * 16n / 5n; term !== 0n; k++) { pi += (k % 2n ? -term : term) / (2n * k + 1n); term /= 25n; busy(5) }
for (let k = 0n, term = unit * 4n / 239n; term !== 0n; k++) { pi -= (k % 2n ? -term : term) / (2n * k + 1n); term /= 239n ** 2n }
check('pi', String(pi).slice(0, 51), '314159265358979323846264338327950288419716939937510')
