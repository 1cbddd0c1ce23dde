import type { Tensor, Value, Variable } from '@tapegrad/autograd'
import {
  argmax,
  cumsum,
  grad,
  matmul,
  mean,
  mul,
  normal,
  ones,
  relu,
  rng,
  square,
  sub,
  sum,
  take,
  tensor,
} from '@tapegrad/autograd'
import { compileStep } from '../src/compileStep.js'

/** The lines of a part of an explanation. */
function partOf(explanation: string, title: string): string[] {
  const lines = explanation.split('\n')
  const start = lines.findIndex((line) => line.startsWith(title)) + 1
  const end = lines.indexOf('', start)
  return lines.slice(start, end < 0 ? undefined : end)
}

function explained(
  f: (w: Tensor, x: Tensor) => { state: Value; outputs: unknown },
  w: Tensor,
  x: Tensor,
): string {
  const program = compileStep(f, w, { threads: 1 })
  program.step(x)
  return program.explain()
}

const training = explained(
  (w, x) => {
    const loss = (v: Variable): Value => mean(square(relu(matmul(x, v))))
    return {
      state: sub(w, mul(grad(loss)(w as unknown as Variable), 0.1)),
      outputs: loss(w as unknown as Variable),
    }
  },
  ones([200, 50]),
  ones([100, 200]),
)

test('the program is one line an operation, ending in the results', () => {
  const lines = partOf(training, 'program:')
  expect(lines[0]).toBe('%0  = input 0: float32 [200, 50]')
  expect(lines.filter((line) => line.includes('= matmul('))).toHaveLength(2)
  expect(lines.at(-1)).toMatch(/^results: %\d+, %\d+$/)
})

test('the shares of the kernels add up to all the work', () => {
  const lines = partOf(training, 'kernels')
  const shares = lines.map((line) => Number(/^ *([\d.]+) %/.exec(line)?.[1]))
  expect(Math.abs(shares.reduce((total, share) => total + share, 0) - 100)).toBeLessThan(0.06 * lines.length)
  expect(training).toMatch(/%\d+ \[100, 50\] = %1 · %0 over 200, by %\d+ where that is short/)
  expect(training).toMatch(/%\d+ \[200, 50\] = %1ᵀ · %\d+ over 100, by %\d+ where that is short/)
  expect(training).toMatch(/list of the nonzero elements of %1 \[100, 200\]/)
})

test('the buffers of the memory plan do not overlap while both are needed', () => {
  const buffers = partOf(training, 'memory:').flatMap((line) => {
    const found = /^ *(\d+) +(\d+) bytes {2}%\d+, phases (\d+) to (\d+)$/.exec(line)
    return found === null ? [] : [found.slice(1).map(Number)]
  })
  expect(buffers.length).toBeGreaterThan(5)
  for (const [k, [address, bytes, first, last]] of buffers.entries())
    for (const [other, length, from, to] of buffers.slice(k + 1)) {
      const meet = first <= to && from <= last
      expect(meet && address < other + length && other < address + bytes).toBe(false)
    }
  expect(training).toMatch(/\d+ bytes at most; \d+ if no two buffers shared a place/)
})

test('every kind of kernel has a line of its own', () => {
  const program = compileStep(
    ({ x, y, random }: { x: Tensor; y: Tensor; random: ReturnType<typeof rng> }, at: Tensor) => ({
      state: { x: y, y: x, random },
      outputs: [
        cumsum(x, { axis: 0 }),
        sum(x, { axis: 0 }),
        argmax(y),
        grad((v: Variable) => sum(square(take(v, at))))(x as unknown as Variable),
        normal(random, [3]),
      ],
    }),
    { x: ones([4, 3]), y: ones([4, 3]), random: rng(1) },
    { threads: 1 },
  )
  program.step(tensor([1, 2], { dtype: 'int32' }))
  const text = program.explain()
  for (const part of [
    'running sums of',
    'sum over [4] of',
    'argmax over',
    '] += ',
    'random numbers of',
    'copy of',
  ])
    expect(text).toContain(part)
})
