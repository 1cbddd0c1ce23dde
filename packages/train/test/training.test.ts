import { TapeError, add, isValue, leavesOf, mul, normal, rng, uniform } from '@tapegrad/autograd'
import { TwoLayerNet } from '@tapegrad/nn'
import type { FitOptions, History, ObjectiveContext, Trainable } from '../src/index.js'
import { fit, sgd } from '../src/index.js'
import { dropoutNet } from './support/dropoutNet.js'
import { errorFrom } from './support/errorFrom.js'
import type { LinearParams } from './support/linearNet.js'
import { linearNet } from './support/linearNet.js'
import { stripeClasses, stripeInputs, stripes } from './support/stripes.js'

const settings = { optimizer: sgd({ rate: 0.2 }), batchSize: 10, iterations: 25, seed: 4 }
type Changes = Partial<Pick<FitOptions<unknown>, 'seed' | 'batches' | 'compile' | 'threads'>>

async function trained(changes: Changes = {}): Promise<{ history: History; params: number[] }> {
  const net = dropoutNet()
  const history = await fit(net, stripes, { ...settings, ...changes })
  return { history, params: numbersIn(net.params) }
}

function numbersIn(tree: unknown): number[] {
  return leavesOf(tree)
    .filter(isValue)
    .flatMap((leaf) => (typeof leaf === 'number' ? [leaf] : Array.from(leaf.data)))
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length)
  actual.forEach((x, i) => {
    expect(x).toBeCloseTo(expected[i], 10)
  })
}

/** A network that hands each context to `hear`, and learns all the same. */
function listening(hear: (context: ObjectiveContext) => unknown): Trainable<LinearParams> {
  const net = linearNet(stripeInputs, stripeClasses)
  return {
    ...net,
    objective: (params, images, labels, context) => {
      hear(context)
      return net.objective(params, images, labels)
    },
  }
}

describe('training a network that draws random numbers', () => {
  test.each(['sampled', 'shuffled'] as const)(
    'gives the same run compiled, on one thread or two, and not, with %s batches',
    async (batches) => {
      const slow = await trained({ batches, compile: false })
      for (const threads of [1, 2]) {
        const fast = await trained({ batches, threads })
        // One element dropped in one and kept in the other would be far more than rounding.
        expectClose(fast.history.loss, slow.history.loss)
        expectClose(fast.params, slow.params)
        expect(fast.history.testAccuracy).toEqual(slow.history.testAccuracy)
      }
    },
  )

  test('gives the same run for the same seed, and another for another', async () => {
    const { history, params } = await trained()
    const again = await trained()
    expect(again.history.loss).toEqual(history.loss)
    expect(again.params).toEqual(params)
    expect((await trained({ seed: 5 })).history.loss).not.toEqual(history.loss)
  })

  test('learns', async () => {
    const { testAccuracy } = await fit(dropoutNet(), stripes, { ...settings, iterations: 400 })
    expect(testAccuracy.at(-1)).toBeGreaterThan(0.95)
  })

  test('draws anew for each loss', async () => {
    const drawn: number[] = []
    const net = listening(({ rng: source }) => drawn.push(uniform(source, [1]).item()))
    await fit(net, stripes, { ...settings, iterations: 5, compile: false })
    expect(drawn).toHaveLength(10)
    expect(new Set(drawn).size).toBe(10)
  })

  test('says which loss is for the gradient and which is for the record', async () => {
    const told: boolean[] = []
    const net = listening(({ training }) => told.push(training))
    await fit(net, stripes, { ...settings, iterations: 2, compile: false })
    expect(told).toEqual([true, false, true, false])
  })

  test('records the loss without dropout', async () => {
    const net = dropoutNet()
    const { loss } = await fit(net, stripes, {
      ...settings,
      batchSize: 105,
      batches: 'shuffled',
      iterations: 1,
    })
    const { images, labels } = stripes.train
    const context = { training: false, rng: rng(0) }
    const after = net.objective(net.params, images.cast('float64').div(255), labels, context)
    expectClose(loss, numbersIn(after))
  })

  test('adds noise of any distribution, compiled as not', async () => {
    const noisy = (): Trainable<LinearParams> => {
      const net = linearNet(stripeInputs, stripeClasses, 'float64')
      return {
        ...net,
        objective: (params, images, labels, { rng: source }) =>
          net.objective(params, add(images, normal(source, images.shape, { dtype: 'float64' })), labels),
      }
    }
    const fast = await fit(noisy(), stripes, settings)
    const slow = await fit(noisy(), stripes, { ...settings, compile: false })
    expectClose(fast.loss, slow.loss)
  })

  test('refuses a generator of the network itself, when compiled', async () => {
    const net = linearNet(stripeInputs, stripeClasses)
    const own = rng(1)
    const drawing: Trainable<LinearParams> = {
      ...net,
      objective: (params, images, labels) =>
        net.objective(params, mul(images, uniform(own, images.shape)), labels),
    }
    const error = await errorFrom(() => fit(drawing, stripes, settings))
    expect(error).toBeInstanceOf(TapeError)
    expect(error).toMatchObject({ code: 'CAPTURED_RNG' })
  })
})

describe('training a network that draws none', () => {
  // Recorded before objectives could draw: the numbers must not depend on whether they can.
  test.each([
    ['sampled', [1.1931288419796733, 0.9286604777099143, 1.0624843920651412, 0.8852223808479363]],
    ['shuffled', [1.1219210470284195, 1.1304744640594002, 0.9054723470623653, 0.8451858144367419]],
  ] as const)('leaves the %s batches to the seed alone', async (batches, recorded) => {
    for (const compile of [true, false]) {
      const net = new TwoLayerNet({
        inputs: stripeInputs,
        hidden: 12,
        outputs: stripeClasses,
        deviation: 0.5,
        dtype: 'float64',
      })
      const { loss } = await fit(net, stripes, {
        ...settings,
        optimizer: sgd({ rate: 0.5 }),
        iterations: 4,
        batches,
        compile,
      })
      expectClose(loss, recorded)
    }
  })
})
