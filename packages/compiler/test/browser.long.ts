/** The packages in a page of a browser, where there is one: no part of Node, and threads only where it is isolated. */
import { build, runModule } from './support/built.js'
import { browser, openPage } from './support/page.js'

jest.setTimeout(120_000)

const inBrowser = browser === undefined ? describe.skip : describe
if (browser === undefined) console.warn('Chromium is not installed: the packages are not tested in a page')

/** What a page computes, and Node the same. */
const source = `
  import { grad, matmul, mul, rng, normal, sin, square, sub, sum, mean, Tape, tensor } from '@tapegrad/autograd'
  import { compile, compileStep } from '@tapegrad/compiler'
  import { TwoLayerNet } from '@tapegrad/nn'
  import { fit, sgd } from '@tapegrad/train'

  const tape = new Tape()
  const [apple, count, tax] = [tape.variable(100), tape.variable(2), tape.variable(1.1)]
  const price = tape.gradient(mul(mul(apple, count), tax), [apple, count, tax])

  const x = tensor(new Float32Array(40_000).map((_, k) => Math.sin(k)), { shape: [200, 200] })
  const f = (y) => sum(sin(matmul(y, y)))
  const fast = compile(grad(f), { threads: 3 })
  const gradient = [...fast(x).data.subarray(0, 5)]
  const difference = Math.max(...sub(fast(x), grad(f)(x)).data.map(Math.abs))

  const trained = (threads) => {
    const program = compileStep(
      (w) => {
        const derivative = grad((v) => mean(square(sub(matmul(x, v), x))))(w)
        return { state: sub(w, mul(derivative, 0.1)), outputs: mean(square(sub(matmul(x, w), x))) }
      },
      x,
      { threads },
    )
    return program
  }
  const [one, several] = [trained(1), trained(4)]
  for (let k = 0; k < 600; k++) {
    one.step()
    several.step()
    // Lets workers start.
    if (k % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const isSame = one.state.data.every((element, k) => element === several.state.data[k])
  several.dispose()
  several.step()

  const net = new TwoLayerNet({ inputs: 20, hidden: 10, outputs: 3, seed: 1 })
  const images = normal(rng(1), [60, 20])
  const labels = tensor(Array.from({ length: 60 }, (_, k) => k % 3), { dtype: 'uint8' })
  const history = await fit(net, { train: { images, labels }, test: { images, labels } }, {
    optimizer: sgd({ rate: 0.5 }), batchSize: 20, iterations: 200, seed: 1,
  })
  const losses = [history.loss[0], history.loss.at(-1)]
  await report({ price, gradient, difference, isSame, losses })
`

inBrowser('a page', () => {
  let inNode: unknown
  beforeAll(async () => {
    build()
    inNode = JSON.parse(
      await runModule(`const report = (value) => console.log(JSON.stringify(value))\n${source}`),
    )
  })

  test.each([true, false])(
    'computes what Node computes; isolated from other origins: %s',
    async (isolated) => {
      const report = (await openPage(source, { isolated })) as {
        price: number[]
        gradient: number[]
        difference: number
        isSame: boolean
        losses: number[]
      }
      const expected = inNode as typeof report
      expect(report).toEqual({
        ...expected,
        gradient: expect.any(Array) as unknown,
        losses: expect.any(Array) as unknown,
        difference: expect.any(Number) as unknown,
      })
      expect(report.isSame).toBe(true)
      expect(report.difference).toBeLessThan(1e-3)
      report.gradient.forEach((element, k) => {
        expect(element).toBeCloseTo(expected.gradient[k], 3)
      })
      expect(report.losses[1]).toBeLessThan(report.losses[0])
      report.losses.forEach((loss, k) => {
        expect(loss).toBeCloseTo(expected.losses[k], 4)
      })
    },
  )

  test('has threads exactly where it is isolated, and they take part', async () => {
    const counting = `
      import { exp, matmul, sin, tensor } from '@tapegrad/autograd'
      import { compile } from '@tapegrad/compiler'
      const tasks = []
      globalThis.Worker = class extends Worker {
        postMessage(task) {
          tasks.push(task)
          super.postMessage(task)
        }
      }
      const x = tensor(new Float32Array(10_000), { shape: [100, 100] })
      const fast = compile((y) => exp(sin(matmul(y, y))), { threads: 3 })
      fast(x)
      const word = (name) => Atomics.load(new Int32Array(tasks[0].memory.buffer), tasks[0].words[name])
      while (tasks.length > 0 && word('ready') < 2) await new Promise((resolve) => setTimeout(resolve, 10))
      // A program begins alone, and tries several threads after a while.
      for (let k = 0; k < 100; k++) fast(x)
      // The word of the last shared run says how many took part.
      await report({ workers: tasks.length, taking: tasks.length > 0 ? word('run') % 16 : 1 })
    `
    expect(await openPage(counting, { isolated: true })).toEqual({ workers: 2, taking: 3 })
    expect(await openPage(counting, { isolated: false })).toEqual({ workers: 0, taking: 1 })
  })
})
