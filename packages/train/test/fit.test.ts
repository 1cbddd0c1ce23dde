import type { Tensor } from '@tapegrad/autograd'
import { tensor } from '@tapegrad/autograd'
import { TwoLayerNet } from '@tapegrad/nn'
import type { EpochReport, FitOptions, IterationReport } from '../src/index.js'
import { DatasetError, TrainingError, fit, gather, sgd } from '../src/index.js'
import { errorFrom } from './support/errorFrom.js'
import type { LinearNet } from './support/linearNet.js'
import { linearNet } from './support/linearNet.js'
import { stripeClasses, stripeInputs, stripes } from './support/stripes.js'

const newNet = (dtype?: 'float64'): LinearNet => linearNet(stripeInputs, stripeClasses, dtype)

const optimizer = sgd({ rate: 0.5 })
const settings = { optimizer, batchSize: 10 }
type Options = FitOptions<unknown>

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('fit', () => {
  test.each([undefined, 'float64'] as const)('learns a small problem (dtype %s)', async (dtype) => {
    const net = newNet(dtype)
    const { loss, trainAccuracy, testAccuracy } = await fit(net, stripes, { ...settings, epochs: 40 })
    expect(loss[0]).toBeGreaterThan(1)
    expect(loss.at(-1)).toBeLessThan(0.3)
    expect(trainAccuracy[0]).toBeLessThan(0.5)
    expect(trainAccuracy.at(-1)).toBeGreaterThan(0.95)
    expect(testAccuracy.at(-1)).toBeGreaterThan(0.95)
    expect(net.params.W.dtype).toBe(dtype ?? 'float32')
  })

  test.each(['relu', 'sigmoid'] as const)('trains the two-layer network, with %s', async (activation) => {
    const net = new TwoLayerNet({
      inputs: stripeInputs,
      hidden: 12,
      outputs: stripeClasses,
      activation,
      deviation: 0.5,
    })
    const { loss, trainAccuracy } = await fit(net, stripes, { ...settings, epochs: 60 })
    expect(loss.at(-1)).toBeLessThan(loss[0])
    expect(trainAccuracy.at(-1)).toBeGreaterThan(0.95)
    expect(
      net.accuracy(gather(stripes.train, [0, 1, 2]).images, tensor(stripes.train.labels.data.slice(0, 3))),
    ).toBe(1)
  })

  test('measures accuracies before training and after every epoch', async () => {
    const { loss, epochs, trainAccuracy, testAccuracy, seconds } = await fit(newNet(), stripes, {
      ...settings,
      epochs: 3,
    })
    expect(loss).toHaveLength(33)
    expect(epochs).toEqual([0, 1, 2, 3])
    expect(trainAccuracy).toHaveLength(4)
    expect(testAccuracy).toHaveLength(4)
    expect(seconds).toBeGreaterThan(0)
  })

  test('measures accuracies after a last, partial epoch too', async () => {
    const { loss, epochs } = await fit(newNet(), stripes, { ...settings, iterations: 14 })
    expect(loss).toHaveLength(14)
    expect(epochs).toEqual([0, 1, 14 / 11])
  })

  test('records the loss on each batch after the update', async () => {
    const net = newNet()
    const batches: [Tensor, Tensor][] = []
    const objective = net.objective.bind(net)
    net.objective = (params, images, labels) => {
      batches.push([images, labels])
      return objective(params, images, labels)
    }
    const { loss } = await fit(net, stripes, { ...settings, iterations: 5, compile: false })
    const [images, labels] = batches.at(-1)!
    expect(loss.at(-1)).toBe((objective(net.params, images, labels) as Tensor).item())
    // Each batch is seen twice: for the gradient, and for the loss.
    expect(batches).toHaveLength(10)
    for (let i = 0; i < 10; i += 2) expect(batches[i]).toEqual(batches[i + 1])
  })

  test('gives the same run for the same seed, and another for another', async () => {
    for (const batches of ['sampled', 'shuffled'] as const) {
      const run = async (seed?: number): Promise<unknown[]> => {
        const net = newNet()
        const { loss, testAccuracy } = await fit(net, stripes, { ...settings, iterations: 12, batches, seed })
        return [loss, testAccuracy, Array.from(net.params.W.data)]
      }
      expect(await run(1)).toEqual(await run(1))
      expect(await run()).toEqual(await run(0))
      expect(await run(1)).not.toEqual(await run(2))
    }
  })

  test.each(['sampled', 'shuffled'] as const)(
    'gives the same run compiled and not, with %s batches',
    async (batches) => {
      for (const threads of [1, 2]) {
        const [compiled, eager] = [newNet('float64'), newNet('float64')]
        const options = { ...settings, iterations: 25, batches, seed: 4, threads }
        const fast = await fit(compiled, stripes, options)
        const slow = await fit(eager, stripes, { ...options, compile: false })
        fast.loss.forEach((loss, i) => {
          expect(loss).toBeCloseTo(slow.loss[i], 10)
        })
        expect(fast.trainAccuracy).toEqual(slow.trainAccuracy)
        expect(fast.epochs).toEqual(slow.epochs)
        expect(compiled.params.W.dtype).toBe('float64')
        compiled.params.W.data.forEach((weight, i) => {
          expect(weight).toBeCloseTo(eager.params.W.data[i], 10)
        })
      }
    },
  )

  test('names what keeps a network from being compiled', async () => {
    const net = newNet()
    const objective = net.objective.bind(net)
    net.objective = (params, images, labels) => {
      const loss = objective(params, images, labels) as Tensor
      return loss.item() > 1 ? loss : loss.mul(2)
    }
    await expect(fit(net, stripes, { ...settings, iterations: 1 })).rejects.toThrow(
      /was read while its function is traced/,
    )
  })

  test('trains with every example once an epoch when batches are shuffled', async () => {
    const net = newNet()
    const sizes: number[] = []
    const objective = net.objective.bind(net)
    net.objective = (params, images, labels) => {
      sizes.push(images.shape[0])
      return objective(params, images, labels)
    }
    await fit(net, stripes, { ...settings, epochs: 1, batches: 'shuffled', compile: false })
    // Each batch is seen twice: for the gradient and for the loss.
    expect(sizes).toEqual([...new Array<number>(20).fill(10), 5, 5])
  })

  test('reports iterations and epochs as they come, and waits for the callbacks', async () => {
    const events: string[] = []
    const epochs: EpochReport[] = []
    const iterations: IterationReport[] = []
    const history = await fit(newNet(), stripes, {
      ...settings,
      iterations: 12,
      onIteration: async (report) => {
        await Promise.resolve()
        iterations.push(report)
        events.push(`iteration ${report.iteration}`)
      },
      onEpoch: async (report) => {
        await Promise.resolve()
        epochs.push(report)
        events.push(`epoch ${report.epoch.toFixed(2)}`)
      },
    })
    expect(iterations.map(({ loss }) => loss)).toEqual(history.loss)
    expect(epochs.map(({ trainAccuracy }) => trainAccuracy)).toEqual(history.trainAccuracy)
    expect(epochs.map(({ iteration }) => iteration)).toEqual([0, 11, 12])
    expect(events[0]).toBe('epoch 0.00')
    expect(events.slice(11)).toEqual(['iteration 11', 'epoch 1.00', 'iteration 12', 'epoch 1.09'])
  })

  test('counts neither callbacks nor accuracies into seconds', async () => {
    const started = performance.now()
    const { seconds } = await fit(newNet(), stripes, {
      ...settings,
      iterations: 1,
      onIteration: () => pause(100),
      onEpoch: () => pause(100),
    })
    // Three callbacks; a timer may fire a millisecond early.
    expect((performance.now() - started) / 1000 - seconds).toBeGreaterThan(0.29)
  })

  test('keeps the last completed iteration and rejects with the reason when aborted', async () => {
    const net = newNet()
    const controller = new AbortController()
    const reason = new Error('stopped by hand')
    let completed = 0
    const training = fit(net, stripes, {
      ...settings,
      epochs: 1000,
      signal: controller.signal,
      onIteration: ({ iteration }) => {
        completed = iteration
        if (iteration === 7) controller.abort(reason)
      },
    })
    await expect(training).rejects.toBe(reason)
    expect(completed).toBe(7)
    const again = newNet()
    await fit(again, stripes, { ...settings, iterations: 7 })
    expect(net.params).toEqual(again.params)
  })

  test('lets a timer abort it', async () => {
    await expect(
      fit(newNet(), stripes, { ...settings, epochs: 1e6, signal: AbortSignal.timeout(20) }),
    ).rejects.toThrow(/timeout/)
  })

  test('stops at a loss that is not finite', async () => {
    const net = newNet()
    let completed = 0
    const error = await errorFrom(() =>
      fit(net, stripes, {
        optimizer: {
          init: () => 0,
          update: (params, gradients, count: number) => ({
            params: sgd({ rate: count === 3 ? 1e300 : 0.1 }).update(params, gradients, {}).params,
            state: count + 1,
          }),
        },
        batchSize: 10,
        epochs: 1,
        compile: false,
        onIteration: () => completed++,
      }),
    )
    expect(error).toBeInstanceOf(TrainingError)
    expect(error).toMatchObject({
      code: 'DIVERGED',
      message:
        'fit: the loss became NaN in iteration 4; a lower learning rate usually helps. ' +
        '{ allowNonFinite: true } trains on regardless',
    })
    expect(completed).toBe(3)
  })

  test('trains on past losses that are not finite when told to', async () => {
    const { loss } = await fit(newNet(), stripes, {
      optimizer: sgd({ rate: 1e300 }),
      batchSize: 10,
      iterations: 3,
      allowNonFinite: true,
    })
    expect(loss).toHaveLength(3)
    expect(loss[2]).toBeNaN()
  })

  test.each<[string, Partial<Record<keyof Options, unknown>>, string]>([
    ['no duration', {}, 'fit: got neither iterations and epochs; wants one of them'],
    [
      'both durations',
      { iterations: 1, epochs: 1 },
      'fit: got both iterations and epochs; wants one of them',
    ],
    ['no iterations', { iterations: 0 }, 'fit: iterations is 0; wants a whole number of at least 1'],
    ['half an epoch', { epochs: 0.5 }, 'fit: epochs is 0.5; wants a whole number of at least 1'],
    ['text for a number', { epochs: '3' }, 'fit: epochs is 3; wants a whole number of at least 1'],
    [
      'a batch larger than the data',
      { epochs: 1, batchSize: 106 },
      'fit: batchSize is 106; wants a whole number from 1 to 105, the number of examples',
    ],
    [
      'unknown batches',
      { epochs: 1, batches: 'sorted' },
      "fit: batches is sorted; wants 'sampled' or 'shuffled'",
    ],
    [
      'no optimizer',
      { epochs: 1, optimizer: undefined },
      'fit: there is no optimizer; wants one such as sgd({ rate: 0.1 })',
    ],
    ['a seed that is none', { epochs: 1, seed: -1 }, 'rng: seed is -1; wants a whole number from 0 to'],
  ])('refuses %s', async (_, options, message) => {
    await expect(fit(newNet(), stripes, { ...settings, ...options } as never)).rejects.toThrow(message)
  })

  test('refuses data that do not belong together', async () => {
    const { train, test } = stripes
    const options = { ...settings, epochs: 1 }
    const narrow = tensor(new Uint8Array(40), { shape: [40, 1] })
    await expect(fit(newNet(), { train, test: { ...test, images: narrow } }, options)).rejects.toThrow(
      new DatasetError(
        'SHAPES',
        'fit: train images [105, 8] and test images [40, 1] may differ in their first size only',
      ),
    )
    await expect(fit(newNet(), { train: { ...train, labels: test.labels }, test }, options)).rejects.toThrow(
      'fit: data.train: images [105, 8] and labels [40] differ in their first sizes; wants one label an image',
    )
    const none = { images: tensor(new Uint8Array(0), { shape: [0, 8] }), labels: tensor(new Uint8Array(0)) }
    await expect(fit(newNet(), { train, test: none }, options)).rejects.toThrow(
      'fit: data.test: there are no examples',
    )
  })

  test('says what is missing where data or network are not what they should be', async () => {
    const options = { ...settings, epochs: 1 }
    await expect(fit(newNet(), Promise.resolve(stripes) as never, options)).rejects.toThrow(
      'fit: data is a Promise; await it first, as in await loadMnist()',
    )
    for (const data of [undefined, {}, { train: { images: [[1]], labels: [1] } }])
      await expect(fit(newNet(), data as never, options)).rejects.toThrow(
        'fit: data.train: wants { images, labels }, both tensors',
      )
    for (const net of [undefined, {}, { ...newNet(), objective: undefined }])
      await expect(fit(net as never, stripes, options)).rejects.toThrow(
        'fit: the network lacks params, objective or accuracy; wants a TwoLayerNet or an object with all three',
      )
  })
})
