/** The packages as built, for tests that run them outside of Jest. */
import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'

export const root = join(__dirname, '../../../..')

/** Builds what isn't up to date. */
export function build(): void {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [compiler, '-b', 'tsconfig.build.json'], { cwd: root })
}

/** How a process ended: its output, or 'timed out' where it had to be ended. */
export function runModule(source: string, flags: readonly string[] = [], timeout = 20_000): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...flags, '--input-type=module', '--eval', source],
      { cwd: root, timeout, killSignal: 'SIGKILL' },
      (error, output, errors) => {
        resolve(error === null ? output : error.killed === true ? 'timed out' : errors)
      },
    )
  })
}
