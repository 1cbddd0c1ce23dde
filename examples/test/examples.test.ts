/** Each example is run as a newcomer would run it, and its output read. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(__dirname, '../..')
const examples = join(root, 'examples/dist')

interface Run {
  readonly status: number
  readonly lines: readonly string[]
  readonly errors: string
}

let workingFolder: string
beforeAll(async () => {
  // The examples run as built; what is up to date takes no time.
  execFileSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'tsconfig.build.json'],
    { cwd: root },
  )
  workingFolder = await mkdtemp(join(tmpdir(), 'tapegrad-examples-'))
}, 120_000)
afterAll(() => rm(workingFolder, { recursive: true }))

function run(name: string, ...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(examples, `${name}.js`), ...args],
      { cwd: workingFolder },
      (_error, output, errors) => {
        resolve({ status: child.exitCode ?? -1, lines: output.trimEnd().split('\n'), errors })
      },
    )
  })
}

test('buyApples prints the price, the derivatives and the tape', async () => {
  const { status, lines } = await run('buyApples')
  expect(status).toBe(0)
  expect(lines).toEqual([
    'price: 220.00000000000003',
    '∂price/∂apple: 2.2',
    '∂price/∂count: 110.00000000000001',
    '∂price/∂tax: 200',
    '∂price/∂applePrice: 1.1',
    '',
    'The tape:',
    '%0 = variable "apple": number 100',
    '%1 = variable "count": number 2',
    '%2 = variable "tax": number 1.1',
    '%3 = mul(%0, %1): number 200',
    '%4 = mul(%3, %2): number 220.00000000000003',
  ])
})

test('buyApplesAndOranges prints the price and the derivatives', async () => {
  const { status, lines } = await run('buyApplesAndOranges')
  expect(status).toBe(0)
  expect(lines).toEqual([
    'price: 715.0000000000001',
    '∂price/∂appleCount: 110.00000000000001',
    '∂price/∂apple: 2.2',
    '∂price/∂orange: 3.3000000000000003',
    '∂price/∂orangeCount: 165',
    '∂price/∂tax: 650',
  ])
})

test('sigmoid gives one value and derivative, taken apart and fused', async () => {
  const { status, lines } = await run('sigmoid')
  expect(status).toBe(0)
  expect(lines.filter((line) => /= (mul|exp|add|div|sigmoid)\(/.test(line))).toHaveLength(5)
  const [apart, fused] = lines
    .filter((line) => line.startsWith('y: '))
    .map((line) => line.match(/[\d.]+/g)!.map(Number))
  expect(apart).toHaveLength(2)
  apart.forEach((number, i) => {
    expect(number).toBeCloseTo(fused[i], 15)
  })
})

test('gradientCheck finds a mean difference below 1e-7 for each parameter', async () => {
  const { status, lines } = await run('gradientCheck')
  expect(status).toBe(0)
  const differences = lines.flatMap(
    (line) => /^(\w\d): mean absolute difference (.*)$/.exec(line)?.slice(1) ?? [],
  )
  expect(differences.filter((_, i) => i % 2 === 0)).toEqual(['W1', 'b1', 'W2', 'b2'])
  for (const text of differences.filter((_, i) => i % 2 === 1)) expect(Number(text)).toBeLessThan(1e-7)
}, 60_000)

test('rosenbrock ends at the minimum', async () => {
  const { status, lines } = await run('rosenbrock')
  expect(status).toBe(0)
  expect(lines.length).toBeLessThan(12)
  expect(lines.at(-1)).toMatch(/^step \d+: x = \[1, 1\] {3}value 0 {3}\|gradient\| 0/)
})

test('fitCurve finds the parameters to within the noise', async () => {
  const { status, lines } = await run('fitCurve')
  expect(status).toBe(0)
  const fitted = /^fitted \[(.*)\], drawn from \[2, 0.4, 3\] with noise$/
    .exec(lines.at(-1)!)![1]
    .split(', ')
    .map(Number)
  expect(Math.abs(fitted[0] - 2)).toBeLessThan(0.1)
  expect(Math.abs(fitted[1] - 0.4)).toBeLessThan(0.1)
  expect(Math.abs(fitted[2] - 3)).toBeLessThan(0.1)
})

test('throwBall hits the mark', async () => {
  const { status, lines } = await run('throwBall')
  expect(status).toBe(0)
  expect(lines.length).toBeLessThan(8)
  expect(lines.at(-1)).toMatch(/lands at 10\.0000 m$/)
})

test('complexNumbers agrees with Cauchy and Riemann', async () => {
  const { status, lines } = await run('complexNumbers')
  expect(status).toBe(0)
  const derivatives = lines
    .slice(1, 3)
    .map((line) => [...line.matchAll(/= (-?[\d.]+)/g)].map((match) => Number(match[1])))
  expect(derivatives[0][0]).toBeCloseTo(derivatives[0][1], 12)
  expect(derivatives[1][0]).toBeCloseTo(-derivatives[1][1], 12)
})

describe('trainMnist', () => {
  test('trains, tells how it went, and draws it', async () => {
    const { status, lines, errors } = await run('trainMnist', '--iterations', '700', '--seed', '3')
    expect(errors).toBe('')
    expect(status).toBe(0)
    expect(lines[0]).toBe('Training 784–50–10 on 60000 images: 700 batches of 100, rate 0.1')
    const epochs = lines.filter((line) =>
      /^epoch +[\d.]+ +mean loss +([\d.]+|–) +train accuracy [\d.]{6} +test accuracy [\d.]{6}$/.test(line),
    )
    expect(epochs).toHaveLength(3)
    expect(lines.at(-2)).toMatch(/^[\d.]+ s of training, [\d.]+ ms an iteration \(training only\)$/)
    const accuracy = /^test accuracy (0\.\d{4})$/.exec(lines.at(-1)!)
    expect(Number(accuracy?.[1])).toBeGreaterThan(0.88)
    expect(await readdir(join(workingFolder, 'out'))).toEqual(['accuracy.svg', 'loss.svg'])
    expect(await readFile(join(workingFolder, 'out/loss.svg'), 'utf8')).toMatch(/^<svg/)
  }, 60_000)

  test('lists its options', async () => {
    const { status, lines } = await run('trainMnist', '--help')
    expect(status).toBe(0)
    for (const option of ['iterations', 'hidden', 'rate', 'batch', 'seed', 'data'])
      expect(lines.join('\n')).toContain(`--${option} <`)
  })

  test.each([
    [['--rat', '1'], "error: unknown option '--rat'"],
    [
      ['--rate', 'fast'],
      "error: option '--rate <number>' argument 'fast' is invalid. Wants a number above 0.",
    ],
    [
      ['--iterations', '0'],
      "error: option '--iterations <count>' argument '0' is invalid. Wants a whole number of at least 1.",
    ],
    [
      ['--batch', '1.5'],
      "error: option '--batch <count>' argument '1.5' is invalid. Wants a whole number of at least 1.",
    ],
    [
      ['--seed', ''],
      "error: option '--seed <number>' argument '' is invalid. Wants a whole number of at least 0.",
    ],
    [
      ['--batch', '70000'],
      'error: fit: batchSize is 70000; wants a whole number from 1 to 60000, the number of examples',
    ],
    [['please'], 'error: too many arguments. Expected 0 arguments but got 1.'],
  ])('answers %j with one line and status 1', async (args, line) => {
    const { status, errors } = await run('trainMnist', ...args)
    expect(errors).toBe(`${line}\n`)
    expect(status).toBe(1)
  })

  test('answers a folder without data with one line and status 1', async () => {
    const { status, errors } = await run('trainMnist', '--data', workingFolder)
    expect(errors).toMatch(/^error: loadMnist: .* has no file train-images-idx3-ubyte.*\n$/)
    expect(status).toBe(1)
  })

  test('answers a corrupt file with one line and status 1', async () => {
    await writeFile(join(workingFolder, 'train-images-idx3-ubyte'), 'not images')
    const { status, errors } = await run('trainMnist', '--data', workingFolder)
    expect(errors).toMatch(/^error: .*train-images-idx3-ubyte.*\n$/)
    expect(status).toBe(1)
  })
})
