import type { Command } from 'commander'
import { jsonOption } from '../arguments.ts'
import { checksHere, examine, type Finding } from '../doctor-checks.ts'
import { printResult, say } from '../output.ts'

/** `sojourn doctor`: can this machine do what Sojourn needs? Each answer comes from trying it. */
export function register(program: Command): void {
  program
    .command('doctor')
    .summary('check this machine')
    .description('Tries what Sojourn needs on this machine, and says what to do about what does not work.')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sojourn doctor')
    .action(doctor)
}

async function doctor({ json }: { json: boolean }): Promise<void> {
  const findings: Finding[] = []
  for (const check of await checksHere()) {
    const finding = await examine(check)
    findings.push(finding)
    if (!json) process.stdout.write(`${lineOf(finding)}\n`)
  }
  const ok = findings.every((finding) => finding.ok || !finding.needed)
  if (json) printResult(true, { ok, checks: findings }, [])
  else say(ok ? 'this machine is ready' : 'something that is needed does not work')
  if (!ok) process.exitCode = 1
}

/** ✓ works, ✗ is needed and does not, – can be done without. */
export function lineOf({ name, ok, needed, detail, advice }: Finding): string {
  const line = `${ok ? '✓' : needed ? '✗' : '–'} ${name.padEnd(13)}  ${detail}`
  return advice === null ? line : `${line}\n${' '.repeat(17)}${advice}`
}
