import type { DType, Tensor, Value, Variable } from '@tapegrad/autograd'
import {
  IndexError,
  Tape,
  assertGradient,
  cast,
  grad,
  integers,
  jvp,
  mul,
  oneHot,
  rng,
  softmax,
  stopGradient,
  sum,
  tensor,
  zeros,
} from '@tapegrad/autograd'
import { SoftmaxWithLoss, composedSoftmaxWithLoss, softmaxWithLoss } from '@tapegrad/nn'
import fc from 'fast-check'
import type { Matrix } from './book.js'
import { BookSoftmaxWithLoss } from './book.js'
import { errorOf, expectClose, filledShapes, numbersIn, randomTensor, seeds } from './values.js'

type LossFunction = typeof softmaxWithLoss

const forms: [string, LossFunction][] = [
  ['fused', softmaxWithLoss],
  ['composed', composedSoftmaxWithLoss],
]

/** Logits of any leading shape with integer labels, and with soft ones, which add up to 1. */
const examples = fc
  .record({ leading: filledShapes, classes: fc.integer({ min: 1, max: 4 }), seed: seeds })
  .map(({ leading, classes, seed }) => ({
    logits: randomTensor(seed, [...leading, classes], 2),
    labels: integers(rng(seed), leading, { max: classes }),
    softLabels: softmax(randomTensor(seed + 1, [...leading, classes])),
    direction: randomTensor(seed + 2, [...leading, classes]),
    classes,
  }))

describe.each(forms)('%s', (_, loss) => {
  test('has the derivatives that differences have, by logits and by soft labels', () => {
    fc.assert(
      fc.property(examples, ({ logits, labels, softLabels }) => {
        assertGradient((x: Tensor) => loss(x, labels), [logits])
        assertGradient((x: Tensor, t: Tensor) => loss(x, t), [logits, softLabels])
      }),
      { numRuns: 25 },
    )
  })

  test('has the second derivatives that differences have', () => {
    fc.assert(
      fc.property(examples, ({ logits, labels, softLabels }) => {
        const byLogits = grad((x: Variable, t: Value) => loss(x, t))
        assertGradient((x: Tensor) => byLogits(x, labels), [logits])
        const byBoth = grad((x: Variable, t: Variable) => loss(x, t), [0, 1])
        assertGradient((x: Tensor, t: Tensor) => byBoth(x, t), [logits, softLabels])
      }),
      { numRuns: 15 },
    )
  })

  test('agrees with the hand-written layer, forward and backward', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 5 }), (seed, batch) => {
        const logits = randomTensor(seed, [batch, 3], 2)
        const labels = integers(rng(seed), [batch], { max: 3 })
        const book = new BookSoftmaxWithLoss()
        const expected = book.forward(logits.toArray() as Matrix, Array.from(labels.data))
        expectClose(loss(logits, labels), expected, 1e-12)
        const gradient = grad((x: Variable) => loss(x, labels))(logits)
        expectClose(gradient, tensor(book.backward(), { dtype: 'float64' }), 1e-12)
      }),
    )
  })

  test('knows its values: log classes for equal logits, log(1 + e⁻¹) for two that differ by 1', () => {
    const ten = zeros([5, 10], { dtype: 'float64' })
    expectClose(loss(ten, zeros([5], { dtype: 'int32' })), Math.log(10), 1e-15)
    const two = tensor([[1, 0]], { dtype: 'float64' })
    expectClose(loss(two, tensor([0], { dtype: 'uint8' })), Math.log(1 + Math.exp(-1)), 1e-15)
    expectClose(loss(two, tensor([[0.5, 0.5]])), Math.log(1 + Math.exp(-1)) + 0.5, 1e-15)
  })

  test('one-hot labels of any dtype equal integers, in value and derivative', () => {
    fc.assert(
      fc.property(
        examples,
        fc.constantFrom<DType>('uint8', 'bool', 'int32', 'float32', 'float64'),
        ({ logits, labels, classes }, dtype) => {
          const encoded = oneHot(labels, classes, { dtype })
          const both = [labels, cast(labels, 'uint8'), encoded].map((t) => [
            loss(logits, t),
            grad((x: Variable) => loss(x, t))(logits),
          ])
          expectClose(both[1], both[0], 0)
          expectClose(both[2], both[0], 1e-14)
        },
      ),
      { numRuns: 25 },
    )
  })

  test.each<DType>(['float32', 'float64'])('stays finite for large %s logits, derivatives too', (dtype) => {
    const logits = tensor(
      [
        [1e30, -1e30, 0],
        [-1e30, -1e30, -1e30],
        [1000, 1000, 999],
      ],
      { dtype },
    )
    const labels = tensor([1, 0, 2], { dtype: 'int32' })
    const first = grad((x: Variable) => loss(x, labels))
    const second = grad((x: Variable) => sum(mul(first(x), tensor([1, 2, 3], { dtype }))))
    expect(numbersIn([loss(logits, labels), first(logits), second(logits)]).every(Number.isFinite)).toBe(true)
    const [sure, even] = first(logits).mul(3).toArray() as number[][]
    expectClose(
      tensor([sure, even]),
      tensor([
        [1, -1, 0],
        [-2 / 3, 1 / 3, 1 / 3],
      ]),
      1e-6,
    )
  })

  test('gives a scalar of the dtype of the logits', () => {
    const labels = tensor([[0, 1]], { dtype: 'float64' })
    const logits = tensor([[1, 2]])
    const value: Tensor = loss(logits, labels)
    expect([value.dtype, value.shape]).toEqual(['float32', []])
    expect(grad((x: Variable) => loss(x, labels))(logits).dtype).toBe('float32')
    expect(grad((t: Variable) => loss(logits, t))(labels).dtype).toBe('float64')
  })

  test('gives NaN for NaN', () => {
    expect(loss(tensor([[NaN, 1]]), tensor([1], { dtype: 'int32' })).item()).toBeNaN()
  })

  test('takes labels on a tape, integers too', () => {
    const tape = new Tape()
    const logits = tape.variable(tensor([[1, 2]], { dtype: 'float64' }))
    const labels = tape.constant(tensor([1], { dtype: 'int32' }))
    const gradient = tape.gradient(loss(logits, labels), logits)
    expectClose(gradient, tensor([[1, -1]]).mul(1 / (1 + Math.E)), 1e-7)
    expect(() => loss(logits, tape.constant(tensor([2], { dtype: 'int32' })))).toThrow(IndexError)
  })
})

test('fused and composed have equal values, first and second derivatives, and tangents', () => {
  const all = (loss: LossFunction, logits: Tensor, labels: Tensor, direction: Tensor): unknown[] => {
    const first = grad((x: Variable) => loss(x, labels).mul(loss(x, labels)))
    return [
      loss(logits, labels),
      first(logits),
      grad((x: Variable) => sum(mul(first(x), direction)))(logits),
      jvp((x: Variable) => loss(x, labels), [logits], [direction]),
      jvp((x: Variable) => first(x), [logits], [direction]),
    ]
  }
  fc.assert(
    fc.property(examples, ({ logits, labels, softLabels, direction }) => {
      for (const t of [labels, softLabels])
        expectClose(
          all(softmaxWithLoss, logits, t, direction),
          all(composedSoftmaxWithLoss, logits, t, direction),
          1e-10,
        )
    }),
    { numRuns: 25 },
  )
})

test('fused and composed agree in float32', () => {
  fc.assert(
    fc.property(examples, ({ logits, labels }) => {
      const x = cast(logits, 'float32')
      const both = forms.map(([, loss]) => [loss(x, labels), grad((z: Variable) => loss(z, labels))(x)])
      expectClose(both[0], both[1], 1e-5)
    }),
    { numRuns: 25 },
  )
})

test('the fused derivative is (y − t) / batch', () => {
  const logits = randomTensor(0, [4, 3])
  const labels = tensor([2, 0, 1, 1], { dtype: 'int32' })
  const gradient = grad((x: Variable) => softmaxWithLoss(x, labels))(logits)
  expectClose(gradient, softmax(logits).sub(oneHot(labels, 3)).div(4), 1e-15)
})

test('a logit of −∞ rules its class out', () => {
  const logits = tensor([[0, -Infinity, 0]], { dtype: 'float64' })
  const labels = tensor([2], { dtype: 'int32' })
  for (const t of [labels, oneHot(labels, 3)]) {
    expectClose(softmaxWithLoss(logits, t), Math.log(2), 1e-15)
    expectClose(grad((x: Variable) => softmaxWithLoss(x, t))(logits), tensor([[0.5, 0, -0.5]]), 1e-15)
  }
})

test('is one entry of a tape fused, and several composed', () => {
  const count = (layer: SoftmaxWithLoss): number => {
    const tape = new Tape()
    layer.forward(tape.variable(zeros([1, 2])), zeros([1], { dtype: 'int32' }))
    return tape.entries.filter(({ operation }) => operation !== 'constant' && operation !== 'variable').length
  }
  expect(count(new SoftmaxWithLoss())).toBe(1)
  expect(count(new SoftmaxWithLoss({ fused: false }))).toBeGreaterThan(5)
})

test('the derivative of a whole walk can be stopped at labels from a model', () => {
  const x = randomTensor(0, [2, 3])
  const gradient = grad((z: Variable) => softmaxWithLoss(z, stopGradient(softmax(z))))(x)
  expectClose(gradient, zeros([2, 3]), 1e-15)
})

describe.each(forms)('%s says what it got and what it wants:', (_, loss) => {
  const name = loss.name
  const ints = (...labels: number[]): Tensor => tensor(labels, { dtype: 'int32' })
  const wants = 'wants integers of shape [2] or a distribution (one-hot) of shape [2, 3]'

  test.each<[string, Value, Value, string]>([
    [
      'a label too large',
      zeros([2, 3]),
      ints(0, 3),
      'IndexError LABEL_OUT_OF_RANGE: NAME: label 3 at position 1 is no class; wants 0 to 2',
    ],
    [
      'a negative label',
      zeros([2, 3]),
      ints(-1, 0),
      'IndexError LABEL_OUT_OF_RANGE: NAME: label -1 at position 0 is no class; wants 0 to 2',
    ],
    [
      'float labels of lower rank',
      zeros([2, 3]),
      tensor([0, 1]),
      `DTypeError LABELS_DTYPE: NAME: labels are float32 [2]; ${wants}; for whole numbers use cast(labels, 'int32')`,
    ],
    [
      'too few labels',
      zeros([2, 3]),
      ints(0),
      `ShapeError LABELS_SHAPE: NAME: labels are int32 [1]; ${wants}`,
    ],
    [
      'a column of labels',
      zeros([2, 3]),
      zeros([2, 1]),
      `ShapeError LABELS_SHAPE: NAME: labels are float32 [2, 1]; ${wants}`,
    ],
    [
      'a number as label',
      zeros([3]),
      1,
      'ShapeError LABELS_SHAPE: NAME: labels are number 1; wants integers of shape [] or a distribution (one-hot) of shape [3]',
    ],
    [
      'a plain array',
      zeros([2, 3]),
      [0, 1] as never,
      `ShapeError LABELS_SHAPE: NAME: labels are a plain array (make a tensor of it: tensor(…)); ${wants}`,
    ],
    [
      'no examples',
      zeros([0, 3]),
      ints(),
      'ShapeError NO_EXAMPLES: NAME: logits of shape [0, 3] hold nothing to take the mean of; wants at least one example and class',
    ],
    [
      'no classes',
      zeros([2, 0]),
      ints(0, 0),
      'ShapeError NO_EXAMPLES: NAME: logits of shape [2, 0] hold nothing to take the mean of; wants at least one example and class',
    ],
    [
      'a number as logits',
      1,
      ints(0),
      'ShapeError LOGITS_SHAPE: NAME: logits are number 1; wants shape [..., classes]',
    ],
    [
      'integer logits',
      ints(1, 2),
      ints(0),
      'DTypeError LOGITS_DTYPE: NAME: logits are int32 [2]; wants float32 or float64',
    ],
  ])('%s', (_case, logits, labels, expected) => {
    expect(errorOf(() => loss(logits, labels))).toBe(expected.replace('NAME', name))
  })
})
