import { inspect } from 'node:util'
import { test } from '@fast-check/jest'
import { Tape, add, differentiable, mul, pad, reshape, sum, tensor, where } from '@tapegrad/autograd'

function apples(): Tape {
  const tape = new Tape()
  const [apple, count, tax] = [
    tape.variable(100, 'apple'),
    tape.variable(2, 'count'),
    tape.variable(1.1, 'tax'),
  ]
  mul(mul(apple, count), tax)
  return tape
}

describe('entries', () => {
  test('tell position, operation, inputs, attributes, value and name', () => {
    const tape = new Tape()
    const x = tape.variable(tensor([[1, 2]]), 'x')
    sum(add(x, 1), { axis: 1 })
    expect(tape.entries.map(({ value, ...rest }) => ({ ...rest, value: String(value) }))).toEqual([
      {
        index: 0,
        operation: 'variable',
        inputs: [],
        attributes: undefined,
        name: 'x',
        value: String(x.value),
      },
      { index: 1, operation: 'constant', inputs: [], attributes: undefined, name: undefined, value: '1' },
      {
        index: 2,
        operation: 'add',
        inputs: [0, 1],
        attributes: undefined,
        name: undefined,
        value: String(tensor([[2, 3]])),
      },
      {
        index: 3,
        operation: 'sum',
        inputs: [2],
        attributes: { axes: [1], keepDims: false },
        name: undefined,
        value: String(tensor([5])),
      },
    ])
  })

  test('read as an array does', () => {
    const { entries } = apples()
    expect(entries).toHaveLength(5)
    expect(Array.isArray(entries)).toBe(true)
    expect(entries[3].operation).toBe('mul')
    expect(entries.at(-1)?.value).toBe(220.00000000000003)
    expect(entries[5]).toBeUndefined()
    expect(entries.at(-9)).toBeUndefined()
    expect(0 in entries).toBe(true)
    expect(5 in entries).toBe(false)
    expect([...entries].map(({ index }) => index)).toEqual([0, 1, 2, 3, 4])
    expect(entries.slice(3).map(({ inputs }) => inputs)).toEqual([
      [0, 1],
      [3, 2],
    ])
    expect(entries.filter(({ operation }) => operation === 'mul')).toHaveLength(2)
    expect(entries.concat(entries)).toHaveLength(10)
    expect(Object.keys(entries)).toEqual(['0', '1', '2', '3', '4'])
    expect(entries.find(({ name }) => name === 'tax')?.index).toBe(2)
  })

  test('print and compare as an array does', () => {
    const { entries } = apples()
    expect(entries).toEqual([...entries])
    expect(inspect(entries)).toBe(inspect([...entries]))
    expect(JSON.stringify(entries)).toBe(JSON.stringify([...entries]))
  })

  test('are made only when looked at', () => {
    const tape = new Tape()
    let x = tape.variable(1)
    for (let i = 0; i < 300_000; i++) x = add(x, x)
    const { entries } = tape
    expect(entries[300_000].inputs).toEqual([299_999, 299_999])
    expect(entries[7]).not.toBe(entries[7])
    expect(entries[7]).toEqual(entries[7])
  })

  test('show what is recorded later', () => {
    const tape = new Tape()
    const { entries } = tape
    expect(entries).toHaveLength(0)
    tape.variable(1)
    expect(entries).toHaveLength(1)
  })

  test('can not be changed', () => {
    const entries = apples().entries as unknown[]
    expect(() => entries.push(1)).toThrow(TypeError)
    expect(() => {
      entries[0] = 1
    }).toThrow(TypeError)
    expect(() => entries.splice(0)).toThrow(TypeError)
    expect(entries).toHaveLength(5)
  })
})

describe('a printed tape', () => {
  test('has one line an entry, with names and numbers', () => {
    expect(String(apples())).toBe(
      [
        '%0 = variable "apple": number 100',
        '%1 = variable "count": number 2',
        '%2 = variable "tax": number 1.1',
        '%3 = mul(%0, %1): number 200',
        '%4 = mul(%3, %2): number 220.00000000000003',
      ].join('\n'),
    )
  })

  test('shows shapes, dtypes and attributes', () => {
    const tape = new Tape()
    const x = tape.variable(tensor([[1, 2]]), 'x')
    sum(where(1, x, 0), { axis: 1 })
    reshape(x, [2])
    pad(
      x,
      [
        [0, 0],
        [1, 1],
      ],
      -Infinity,
    )
    expect(String(tape).split('\n').slice(-3)).toEqual([
      '%4 = sum(%3, axes: [1], keepDims: false): float32 [1]',
      '%5 = reshape(%0, shape: [2]): float32 [2]',
      '%6 = pad(%0, padding: [[0, 0], [1, 1]], value: -Infinity): float32 [1, 4]',
    ])
  })

  test('calls custom functions by their names', () => {
    const tape = new Tape()
    const triple = differentiable('triple', {
      forward: (x: number) => 3 * x,
      backward: (upstream) => [mul(upstream, 3)],
    })
    ;(triple as unknown as (x: unknown) => unknown)(tape.variable(2))
    expect(String(tape)).toBe('%0 = variable: number 2\n%1 = triple(%0): number 6')
    expect(tape.entries[1].operation).toBe('triple')
  })

  test('of nothing is empty', () => {
    expect(String(new Tape())).toBe('')
  })
})
