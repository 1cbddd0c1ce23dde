/** Which steps of a phase become one loop over rows: short rows that go through several loops, such as those of a softmax. */
import type { Layout } from './codegen/layout.js'
import { rowSweep, stageOf } from './codegen/rowSweep.js'
import type { Kernel } from './lowering/kernel.js'
import type { LoweredProgram } from './lowering/lower.js'
import { readersOf } from './lowering/reads.js'
import type { CutStep, Phase } from './phases.js'

/** The phases with their code at these addresses, and with one step for those that sweep through rows together. */
export function withSweeps(phases: readonly Phase[], lowered: LoweredProgram, layout: Layout): Phase[] {
  const { program, kernels, buffers } = lowered
  const results = new Set(program.outputs.map((output) => buffers.get(output)))
  const readers = readersOf(kernels)
  const sweepOf = (run: readonly CutStep[]): CutStep => {
    const own = run.map(({ kernel }) => kernels[kernel])
    const rows = sweptRowsOf(run[0])
    const isNeeded = (buffer: number): boolean =>
      results.has(buffer) || (readers.get(buffer) ?? []).some((reader) => !own.includes(reader))
    const stages = own.map((kernel) => stageOf(kernel, rows)!)
    return {
      ...run[0],
      code: rowSweep(stages, rows, layout, isNeeded),
      work: run.reduce((sum, { work }) => sum + work, 0),
      bytes: run.reduce((sum, { bytes }) => sum + bytes, 0),
    }
  }
  return phases.map((phase) =>
    runsOf(phase, kernels).map((run) =>
      run.length > 1 ? sweepOf(run) : { ...run[0], code: run[0].codeAt(layout) },
    ),
  )
}

/** The steps of a phase in runs, each of which can be one sweep; most are of one step. */
function runsOf(phase: Phase, kernels: readonly Kernel[]): CutStep[][] {
  const isStage = (step: CutStep): boolean => {
    const rows = sweptRowsOf(step)
    return rows > 1 && stageOf(kernels[step.kernel], rows) !== undefined
  }
  const runs: CutStep[][] = []
  let goesOn = false
  for (const step of phase) {
    const run = runs.at(-1)
    const isOne = isStage(step)
    if (isOne && goesOn && step.waits === 'never' && sweptRowsOf(step) === sweptRowsOf(run![0]))
      run!.push(step)
    else runs.push([step])
    goesOn = isOne
  }
  return runs
}

function sweptRowsOf({ rows, rowsAlone = rows }: CutStep): number {
  return rowsAlone
}
