/** What a program's workers mean for the process that started them. */
import { build, runModule } from './support/built.js'

jest.setTimeout(120_000)
beforeAll(build)

const training = `
  import { exp, matmul, mul, sin, sum, tensor } from '@tapegrad/autograd'
  import { compile, compileStep } from '@tapegrad/compiler'
  const x = tensor(new Float32Array(10_000).map((_, k) => Math.sin(k)), { shape: [100, 100] })
  const trained = (threads) =>
    compileStep((state) => ({ state: mul(sin(matmul(state, x)), 0.5), outputs: sum(exp(state)) }), x, { threads })
  const seconds = (count) => new Promise((resolve) => setTimeout(resolve, 1000 * count))
`

test.each(['', 'await seconds(0.5); program.step()', 'await seconds(0.5); throw 0'])(
  'a process ends though workers wait: %s',
  async (then) => {
    const output = await runModule(`${training}
      const program = trained(4)
      for (let k = 0; k < 3; k++) program.step()
      console.log('trained')
      try { ${then} } catch {}
    `)
    expect(output).toBe('trained\n')
  },
)

test('a process ends by process.exit in the midst of it', async () => {
  const output = await runModule(`${training}
    const program = trained(4)
    for (let k = 0; k < 3; k++) program.step()
    console.log('trained')
    setTimeout(() => process.exit(0), 100)
    setInterval(() => program.step(), 1)
  `)
  expect(output).toBe('trained\n')
})

test('workers end with the program that nobody holds any more', async () => {
  const output = await runModule(
    `${training}
    import { readdirSync } from 'node:fs'
    const threads = () => readdirSync('/proc/self/task').length
    const before = threads()
    const use = async () => {
      const programs = Array.from({ length: 5 }, () => trained(3))
      const compiled = compile((y) => exp(sin(matmul(y, y))), { threads: 3 })
      for (const program of programs) program.step()
      compiled(x)
      await seconds(1)
      for (const program of programs) program.step()
      return threads()
    }
    const during = await use()
    for (let k = 0; k < 50 && threads() > before; k++) {
      gc()
      await seconds(0.1)
    }
    console.log(during - before, threads() - before)
  `,
    ['--expose-gc'],
  )
  expect(output).toBe('12 0\n')
})

test('a hundred thousand steps leave memory as it was', async () => {
  const output = await runModule(
    `
    import { mul, sub, sum, tensor } from '@tapegrad/autograd'
    import { compileStep } from '@tapegrad/compiler'
    const w = tensor(new Float32Array(1000))
    const program = compileStep((state, x) => ({ state: sub(state, mul(x, 0.1)), outputs: sum(mul(state, x)) }), w, { threads: 1 })
    const run = (count) => { for (let k = 0; k < count; k++) program.step(w) }
    const bytes = () => { gc(); const { heapUsed, arrayBuffers } = process.memoryUsage(); return heapUsed + arrayBuffers }
    run(10_000)
    const before = bytes()
    run(100_000)
    console.log(bytes() - before < 1_000_000)
  `,
    ['--expose-gc'],
  )
  expect(output).toBe('true\n')
})

test('two hundred programs can be held at once', async () => {
  const output = await runModule(`
    import { add, tensor } from '@tapegrad/autograd'
    import { compile } from '@tapegrad/compiler'
    const programs = Array.from({ length: 200 }, (_, k) => compile((x) => add(x, k), { threads: 2 }))
    const results = programs.map((program) => program(1))
    console.log(results.length, results[199])
  `)
  expect(output).toBe('200 200\n')
})
