/** The programs the engine's builds are compared on, and the loops kernels are compared with V8 on. */

/** Each defines run() and returns a checksum. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  sieve:
    'function run(){let c=0;for(let r=0;r<3;r++){const n=300000;const a=new Uint8Array(n+1);c=0;for(let i=2;i<=n;i++){if(!a[i]){c++;for(let j=i*2;j<=n;j+=i)a[j]=1;}}}return c;}',
  fib: 'function fib(n){return n<2?n:fib(n-1)+fib(n-2)}function run(){return fib(25)}',
  strings:
    "function run(){let s='';let h=0;for(let i=0;i<60000;i++){s+='k'+i+',';if(s.length>20000){const p=s.split(',');h=(h+p.length)|0;s=p.slice(0,5).join('-');}}return h+s.length}",
  json: "function run(){const o=[];for(let i=0;i<200;i++)o.push({id:i,name:'item'+i,tags:['a','b',String(i)],nested:{x:i/3,y:[i,i+1]}});let t=0;for(let r=0;r<20;r++){const s=JSON.stringify(o);t+=JSON.parse(s).length+s.length}return t}",
  objects:
    "class P{constructor(x){this.x=x;this.y=0}step(d){this.y+=this.x*d;return this.y}}function run(){const m=new Map();let t=0;for(let i=0;i<20000;i++){m.set('k'+(i%997),new P(i))}for(let r=0;r<10;r++)for(const [k,p] of m){t+=p.step(r)|0}const o={};for(let i=0;i<50000;i++){o['p'+(i%50)]=(o['p'+(i%50)]||0)+i}let ks=0;for(const k in o)ks+=o[k];return t+ks}",
  nbody:
    'function run(){const b=[];for(let i=0;i<5;i++)b.push({x:i*1.1,y:i*0.7,z:i*0.3,vx:0.01*i,vy:0.02,vz:-0.01*i,m:1+i});const dt=0.01;for(let s=0;s<6000;s++){for(let i=0;i<5;i++){const p=b[i];for(let j=i+1;j<5;j++){const q=b[j];const dx=p.x-q.x,dy=p.y-q.y,dz=p.z-q.z;const d2=dx*dx+dy*dy+dz*dz+0.01;const mag=dt/(d2*Math.sqrt(d2));p.vx-=dx*q.m*mag;p.vy-=dy*q.m*mag;p.vz-=dz*q.m*mag;q.vx+=dx*p.m*mag;q.vy+=dy*p.m*mag;q.vz+=dz*p.m*mag}}for(let i=0;i<5;i++){const p=b[i];p.x+=dt*p.vx;p.y+=dt*p.vy;p.z+=dt*p.vz}}return b[0].x}',
  mandelbrot:
    'function run(){const w=120,h=120,max=100;let t=0;for(let y=0;y<h;y++)for(let x=0;x<w;x++){const cr=x/w*3-2,ci=y/h*2-1;let zr=0,zi=0,n=0;while(n<max&&zr*zr+zi*zi<4){const k=zr*zr-zi*zi+cr;zi=2*zr*zi+ci;zr=k;n++}t+=n}return t}',
}

const { sieve, fib, nbody, mandelbrot } = PROGRAMS

/** The loops that kernels are compared with V8 on: floats, small and large arrays, bits, recursion. */
export const LOOPS: Readonly<Record<string, string | undefined>> = {
  sieve,
  fib,
  nbody,
  mandelbrot,
  matrix:
    'const n=96,a=new Float64Array(n*n),b=new Float64Array(n*n),c=new Float64Array(n*n);for(let i=0;i<n*n;i++){a[i]=i%7;b[i]=i%5}function run(){for(let i=0;i<n;i++)for(let j=0;j<n;j++){let s=0;for(let k=0;k<n;k++)s+=a[i*n+k]*b[k*n+j];c[i*n+j]=s}return c[n*n-1]}',
  checksum:
    'const t=new Int32Array(256);for(let i=0;i<256;i++){let c=i;for(let k=0;k<8;k++)c=c&1?(c>>>1)^0xedb88320:c>>>1;t[i]=c}const d=new Uint8Array(65536);for(let i=0;i<65536;i++)d[i]=i*7;function run(){let c=-1;for(let r=0;r<4;r++)for(let i=0;i<65536;i++)c=t[(c^d[i])&255]^(c>>>8);return c}',
  edits:
    'const n=400,a=new Uint8Array(n),b=new Uint8Array(n),row=new Int32Array(n+1);for(let i=0;i<n;i++){a[i]=i*i%11;b[i]=i*3%11}function run(){for(let j=0;j<=n;j++)row[j]=j;for(let i=1;i<=n;i++){let left=i,corner=row[0];row[0]=i;for(let j=1;j<=n;j++){let best=corner+(a[i-1]===b[j-1]?0:1);if(row[j]+1<best)best=row[j]+1;if(left+1<best)best=left+1;corner=row[j];row[j]=left=best}}return row[n]}',
}

/** The same loops in AssemblyScript, each as an exported function without parameters; and one that does nothing. */
export const KERNEL_SOURCE = `
export function nothing(x: f64): f64 { return x }
export function sieve(): f64 {
  const n = 300000
  let count = 0
  for (let r = 0; r < 3; r++) {
    const marks = new Uint8Array(n + 1)
    count = 0
    for (let i = 2; i <= n; i++) if (!unchecked(marks[i])) { count++; for (let j = i * 2; j <= n; j += i) unchecked(marks[j] = 1) }
    heap.free(changetype<usize>(marks.buffer))
  }
  return count
}
function fibonacci(n: i32): i32 { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2) }
export function fib(): f64 { return fibonacci(25) }
const b = new StaticArray<f64>(35)
export function nbody(): f64 {
  for (let i = 0; i < 5; i++) { const o = i * 7; b[o] = i * 1.1; b[o + 1] = i * 0.7; b[o + 2] = i * 0.3; b[o + 3] = 0.01 * i; b[o + 4] = 0.02; b[o + 5] = -0.01 * i; b[o + 6] = 1 + i }
  const dt = 0.01
  for (let s = 0; s < 6000; s++) {
    for (let i = 0; i < 5; i++) {
      const p = i * 7
      for (let j = i + 1; j < 5; j++) {
        const q = j * 7
        const dx = unchecked(b[p]) - unchecked(b[q]), dy = unchecked(b[p + 1]) - unchecked(b[q + 1]), dz = unchecked(b[p + 2]) - unchecked(b[q + 2])
        const d2 = dx * dx + dy * dy + dz * dz + 0.01
        const mag = dt / (d2 * Math.sqrt(d2))
        const qm = unchecked(b[q + 6]), pm = unchecked(b[p + 6])
        unchecked(b[p + 3] -= dx * qm * mag); unchecked(b[p + 4] -= dy * qm * mag); unchecked(b[p + 5] -= dz * qm * mag)
        unchecked(b[q + 3] += dx * pm * mag); unchecked(b[q + 4] += dy * pm * mag); unchecked(b[q + 5] += dz * pm * mag)
      }
    }
    for (let i = 0; i < 5; i++) { const p = i * 7; unchecked(b[p] += dt * b[p + 3]); unchecked(b[p + 1] += dt * b[p + 4]); unchecked(b[p + 2] += dt * b[p + 5]) }
  }
  return b[0]
}
export function mandelbrot(): f64 {
  const w = 120, h = 120, max = 100
  let t = 0
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) {
    const cr = <f64>x / w * 3 - 2, ci = <f64>y / h * 2 - 1
    let zr = 0.0, zi = 0.0, n = 0
    while (n < max && zr * zr + zi * zi < 4) { const k = zr * zr - zi * zi + cr; zi = 2 * zr * zi + ci; zr = k; n++ }
    t += n
  }
  return t
}
const N = 96
const ma = new StaticArray<f64>(N * N)
const mb = new StaticArray<f64>(N * N)
const mc = new StaticArray<f64>(N * N)
for (let i = 0; i < N * N; i++) { ma[i] = i % 7; mb[i] = i % 5 }
export function matrix(): f64 {
  for (let i = 0; i < N; i++) for (let j = 0; j < N; j++) {
    let s = 0.0
    for (let k = 0; k < N; k++) s += unchecked(ma[i * N + k]) * unchecked(mb[k * N + j])
    unchecked(mc[i * N + j] = s)
  }
  return mc[N * N - 1]
}
const table = new StaticArray<i32>(256)
for (let i = 0; i < 256; i++) { let c = i; for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ <i32>0xedb88320 : c >>> 1; table[i] = c }
const data = new StaticArray<u8>(65536)
for (let i = 0; i < 65536; i++) data[i] = <u8>(i * 7)
export function checksum(): f64 {
  let c = -1
  for (let r = 0; r < 4; r++) for (let i = 0; i < 65536; i++) c = unchecked(table[(c ^ unchecked(data[i])) & 255]) ^ (c >>> 8)
  return c
}
const ea = new StaticArray<u8>(400)
const eb = new StaticArray<u8>(400)
const row = new StaticArray<i32>(401)
for (let i = 0; i < 400; i++) { ea[i] = <u8>(i * i % 11); eb[i] = <u8>(i * 3 % 11) }
export function edits(): f64 {
  const n = 400
  for (let j = 0; j <= n; j++) unchecked(row[j] = j)
  for (let i = 1; i <= n; i++) {
    let left = i, corner = unchecked(row[0])
    unchecked(row[0] = i)
    for (let j = 1; j <= n; j++) {
      let best = corner + (unchecked(ea[i - 1]) === unchecked(eb[j - 1]) ? 0 : 1)
      const above = unchecked(row[j])
      if (above + 1 < best) best = above + 1
      if (left + 1 < best) best = left + 1
      corner = above
      unchecked(row[j] = left = best)
    }
  }
  return row[n]
}
`
