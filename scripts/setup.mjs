// Makes this checkout ready to run: packages, browsers where they can be had, and everything built that is out of date.
// Needs nothing but Node and git's files: it runs before there is a node_modules. Progress goes to stderr, so that the
// command that follows owns stdout. `--no-browser` leaves browsers alone; `--firefox` also
// wants Firefox, which tests and measurements alone use.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const say = (text) => process.stderr.write(`setup: ${text}\n`)

/** Runs to the end with its output on stderr. */
function run(command, args, env = {}) {
  const shell = command === 'npm' && process.platform === 'win32'
  const options = { stdio: ['ignore', 2, 2], env: { ...process.env, ...env }, shell }
  return spawnSync(command, args, options).status === 0
}

function mustRun(what, command, args) {
  if (run(command, args)) return
  say(`${what} failed (${[command, ...args].join(' ')}); its own words stand above.`)
  process.exit(1)
}

const runNode = (what, ...args) => mustRun(what, process.execPath, args)

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  say(`Node ${process.versions.node} is too old: Sojourn needs 20.19 or newer, from https://nodejs.org.`)
  process.exit(1)
}

/** npm writes node_modules/.package-lock.json at the end of an installation: it stands for the lock file installed. */
function installPackages() {
  const installed = 'node_modules/.package-lock.json'
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync('package-lock.json').mtimeMs) return
  say('installing npm packages (once, and again when the lock file changes)')
  mustRun('installing packages', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])
}

function build() {
  const projects = ['tsconfig.core.json', 'tsconfig.guest.json', 'tsconfig.node.json']
  runNode('compiling', 'node_modules/typescript/bin/tsc', '-b', ...projects)
  runNode('bundling the guest', 'dist/node/platform/node/guest-build.js')
  runNode('building the engine', 'dist/node/platform/node/engine-build.js')
  whenChanged(
    'page',
    ['src', 'public', 'index.html', 'sim.html', 'vite.config.ts', 'package-lock.json', 'dist/engine'],
    () => {
      say('building the page')
      runNode('building the page', 'node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn')
    },
  )
}

/** Does the work unless its inputs (names, sizes and times of the files) are those of the last time it succeeded. */
function whenChanged(name, inputs, work) {
  const hash = createHash('sha256')
  for (const input of inputs) for (const line of describe(input)) hash.update(`${line}\n`)
  const now = hash.digest('hex')
  const stamp = `.cache/${name}.stamp`
  if (existsSync(`dist/${name}`) && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return
  work()
  mkdirSync('.cache', { recursive: true })
  writeFileSync(stamp, now)
}

function* describe(path) {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isDirectory()) yield `${path} ${stat.size} ${stat.mtimeMs}`
  else for (const name of readdirSync(path).sort()) yield* describe(join(path, name))
}

/** One sentence about a missing browser is all: the demo then runs without a tab, and tests that need one skip. */
async function installBrowsers() {
  const { findChromium } = await import('../dist/node/platform/node/chromium.js')
  const { findFirefox } = await import('../dist/node/platform/node/firefox.js')
  installBrowser('chromium', 'Chromium', 'CHROMIUM', findChromium)
  if (process.argv.includes('--firefox')) installBrowser('firefox-esr', 'Firefox', 'FIREFOX', findFirefox)
}

/** What `--isolate process` builds its walls with, on Linux. */
async function installBubblewrap() {
  const { findBubblewrap } = await import('../dist/node/platform/node/cage.js')
  if (process.platform !== 'linux' || findBubblewrap() !== null || installFromDebian('bubblewrap', findBubblewrap))
    return
  say('no Bubblewrap found, so `--isolate process` is only another process here: install bubblewrap.')
}

/** Whether it is there afterwards. */
function installFromDebian(debianPackage, find) {
  if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) return false
  say(`installing Debian's ${debianPackage} (once)`)
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' }
  const install = () => run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', debianPackage], quiet)
  return (install() || (run('apt-get', ['update', '-qq'], quiet) && install())) && find() !== null
}

function installBrowser(debianPackage, name, variable, find) {
  if (find() !== null) return
  if (!process.env[variable] && installFromDebian(debianPackage, find)) return
  const debian = existsSync('/usr/bin/apt-get')
  const how = debian ? `as root \`apt-get install ${debianPackage}\`` : `install ${name}`
  say(`no ${name} found, so nothing runs in it here: ${how}, or set ${variable} to its path.`)
}

checkNode()
installPackages()
build()
if (!process.argv.includes('--no-browser')) {
  await installBrowsers()
  await installBubblewrap()
}
