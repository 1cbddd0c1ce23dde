/** Trains the book's two-layer network on all of MNIST, and draws how it went. */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { TapegradError } from '@tapegrad/autograd'
import { TwoLayerNet } from '@tapegrad/nn'
import { fit, sgd } from '@tapegrad/train'
import { loadMnist } from '@tapegrad/train/node'
import { accuracyCurves, lossCurve } from '@tapegrad/viz'
import { createProgress } from './trainMnist/progress.js'
import type { Options } from './trainMnist/options.js'
import { parseOptions } from './trainMnist/options.js'

async function main({ iterations, hidden, rate, batch, seed, data: directory }: Options): Promise<void> {
  const data = await loadMnist({ directory })
  const net = new TwoLayerNet({ inputs: 784, hidden, outputs: 10, activation: 'relu', deviation: 0.01, seed })
  console.log(
    `Training 784–${hidden}–10 on ${data.train.labels.size} images: ${iterations} batches of ${batch}, rate ${rate}`,
  )

  const progress = createProgress(iterations)
  let losses: number[] = []
  const history = await fit(net, data, {
    optimizer: sgd({ rate }),
    batchSize: batch,
    iterations,
    seed,
    onIteration: ({ iteration, loss }) => {
      losses.push(loss)
      progress.update(iteration, loss)
    },
    onEpoch: ({ epoch, trainAccuracy, testAccuracy }) => {
      progress.print(
        `epoch ${epoch.toFixed(1).padStart(5)}   mean loss ${meanOf(losses)}   ` +
          `train accuracy ${trainAccuracy.toFixed(4)}   test accuracy ${testAccuracy.toFixed(4)}`,
      )
      losses = []
    },
  }).finally(() => {
    progress.stop()
  })

  const { epochs, trainAccuracy, testAccuracy, loss, seconds } = history
  await writePicture(
    'out/accuracy.svg',
    await accuracyCurves({ epochs, train: trainAccuracy, test: testAccuracy }),
  )
  await writePicture('out/loss.svg', await lossCurve({ loss }))
  console.log(
    `${seconds.toFixed(2)} s of training, ${((1000 * seconds) / iterations).toFixed(3)} ms an iteration (training only)`,
  )
  console.log(`test accuracy ${testAccuracy[testAccuracy.length - 1].toFixed(4)}`)
}

function meanOf(losses: readonly number[]): string {
  return losses.length === 0
    ? '     –'
    : (losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toFixed(4)
}

/** Writes beside the file and renames, so that no half a picture is ever there. */
async function writePicture(path: string, svg: string): Promise<void> {
  await mkdir('out', { recursive: true })
  await writeFile(`${path}.part`, svg)
  await rename(`${path}.part`, path)
  console.log(`wrote ${path}`)
}

try {
  await main(parseOptions(process.argv))
} catch (error) {
  if (!(error instanceof TapegradError)) throw error
  console.error(`error: ${error.message}`)
  process.exitCode = 1
}
