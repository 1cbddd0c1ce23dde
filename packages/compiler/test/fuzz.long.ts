/** Ten thousand random programs, compiled and held against eager. FUZZ_SEED and FUZZ_COUNT choose others. */
import type { Failure } from './support/fuzz.js'
import { failureOf } from './support/fuzz.js'

const count = Number(process.env.FUZZ_COUNT ?? 10_000)
const firstSeed = Number(process.env.FUZZ_SEED ?? 1_000_000)

test(`${count} random programs do compiled what they do eagerly, and none traps`, () => {
  const failures: Failure[] = []
  for (let k = 0; k < count; k++) {
    // Large values, such as are cut into parts and blocks, come now and then.
    const failure = failureOf(firstSeed + k, k % 50 === 0 ? { limit: 40_000 } : {})
    if (failure !== undefined) {
      failures.push(failure)
      print(`${failure.kind}, ${failure.report}`)
    }
    if ((k + 1) % 1000 === 0 || k + 1 === count) print(summary(k + 1, failures))
  }
  expect(failures).toEqual([])
})

function summary(programs: number, failures: readonly Failure[]): string {
  const traps = failures.filter(({ kind }) => kind === 'trap').length
  return `${programs} random programs, ${failures.length - traps} mismatches, ${traps} traps`
}

/** Past Jest, which holds back what is printed until the end. */
function print(line: string): void {
  process.stderr.write(`${line}\n`)
}
