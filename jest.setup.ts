/** Builds the packages before the tests, so that the examples, which run as built, are never stale. */
import { execFileSync } from 'node:child_process'

export default function setup(): void {
  execFileSync('npx', ['--no-install', 'tsc', '-b', 'tsconfig.build.json'], {
    cwd: __dirname,
    stdio: 'inherit',
  })
}
