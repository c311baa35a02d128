// Draws the page's PNG icons from public/mark.svg with Chromium. Run by hand after the mark has changed:
//   node scripts/icons.mjs
import { readFileSync, writeFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

const BACKGROUND = '#123a5e'
/** `inset` keeps the mark inside the circle that platforms may cut from a maskable icon (the middle 80 %). */
const ICONS = [
  { file: 'icon-192.png', size: 192, square: false, inset: 0 },
  { file: 'icon-512.png', size: 512, square: false, inset: 0 },
  { file: 'icon-maskable-512.png', size: 512, square: true, inset: 0.08 },
  { file: 'apple-touch-icon.png', size: 180, square: true, inset: 0.03 },
]

const folder = new URL('../public/', import.meta.url)
const svg = readFileSync(new URL('mark.svg', folder), 'utf8')
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
const page = await browser.newPage()
for (const { file, size, square, inset } of ICONS) {
  const edge = Math.round(size * (1 - 2 * inset))
  const drawn = square ? svg.replace('rx="14"', 'rx="0"') : svg
  await page.setViewportSize({ width: size, height: size })
  await page.setContent(
    `<body style="margin:0;display:grid;place-items:center;height:100vh;background:${square ? BACKGROUND : 'transparent'}">
     <img width="${edge}" height="${edge}" src="data:image/svg+xml,${encodeURIComponent(drawn)}">`,
  )
  writeFileSync(new URL(file, folder), await page.screenshot({ omitBackground: true }))
  console.log(`${file} ${size} x ${size}`)
}
await browser.close()
