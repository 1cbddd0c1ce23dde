/** Which steps of a phase become one loop over rows: short rows that go through several loops, such as those of a softmax. */
import type { Layout } from './codegen/layout.js'
import { rowSweep, stageOf } from './codegen/rowSweep.js'
import type { LoweredProgram } from './lowering/lower.js'
import { buffersRead } from './lowering/reads.js'
import type { CutStep, Phase } from './phases.js'

/** The phase with its code at these addresses, and with one step for those that sweep through rows together. */
export function withSweeps(phase: Phase, lowered: LoweredProgram, layout: Layout): Phase {
  const steps: CutStep[] = []
  for (let k = 0; k < phase.length;) {
    const run = runFrom(phase, k, lowered)
    const [first] = run
    steps.push(
      run.length > 1
        ? {
            ...first,
            code: sweepCode(run, lowered, layout),
            work: run.reduce((sum, { work }) => sum + work, 0),
          }
        : { ...first, code: first.codeAt(layout) },
    )
    k += run.length
  }
  return steps
}

/** The steps from the k-th on that can be one sweep: that one alone where there is none. */
function runFrom(phase: Phase, k: number, { kernels }: LoweredProgram): CutStep[] {
  const [first, ...others] = phase.slice(k)
  const rows = sweptRowsOf(first)
  const isStage = (step: CutStep): boolean =>
    sweptRowsOf(step) === rows && stageOf(kernels[step.kernel], rows) !== undefined
  if (rows === 1 || !isStage(first)) return [first]
  const end = others.findIndex((step) => step.waits !== 'never' || !isStage(step))
  return [first, ...others.slice(0, end < 0 ? undefined : end)]
}

function sweptRowsOf({ rows, rowsAlone = rows }: CutStep): number {
  return rowsAlone
}

function sweepCode(
  run: readonly CutStep[],
  { program, kernels, buffers }: LoweredProgram,
  layout: Layout,
): CutStep['code'] {
  const own = run.map(({ kernel }) => kernels[kernel])
  const results = new Set(program.outputs.map((output) => buffers.get(output)))
  const isNeeded = (buffer: number): boolean =>
    results.has(buffer) || kernels.some((kernel) => !own.includes(kernel) && buffersRead(kernel).has(buffer))
  const rows = sweptRowsOf(run[0])
  return rowSweep(
    own.map((kernel) => stageOf(kernel, rows)!),
    rows,
    layout,
    isNeeded,
  )
}
