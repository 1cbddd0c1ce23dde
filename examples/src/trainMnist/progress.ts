/** A progress line below the printed ones, on terminals only. */
import cliProgress from 'cli-progress'

export interface Progress {
  update(iteration: number, loss: number): void
  /** Prints a line above the progress line. */
  print(line: string): void
  stop(): void
}

/** A progress line for so many iterations; where the output is no terminal, there are only the printed lines. */
export function createProgress(iterations: number): Progress {
  const bars = new cliProgress.MultiBar({
    format: '{bar} {value}/{total} iterations   loss {loss}   {eta_formatted} left',
    clearOnComplete: true,
    hideCursor: true,
  })
  const bar = bars.create(iterations, 0, { loss: '–' })
  const isTerminal = process.stderr.isTTY
  return {
    update: (iteration, loss) => bar.update(iteration, { loss: loss.toFixed(4) }),
    print: (line) => {
      if (isTerminal) bars.log(`${line}\n`)
      else console.log(line)
    },
    stop: () => bars.stop(),
  }
}
