/** What a reduction keeps while it runs through its elements, for one result or for a vector of them. */
import type { DType } from '@tapegrad/autograd'
import type { Body, Expression as Code, Local } from '@tapegrad/kernels/assembler'
import {
  f32,
  f64,
  f64x2,
  f32x4,
  i32,
  i8x16,
  if_,
  increase,
  local,
  select,
  set,
} from '@tapegrad/kernels/assembler'
import type { Reducer } from '../lowering/kernel.js'
import type { VectorDType } from './emitter.js'
import { scalars, scalarType, vectors } from './machine.js'

export interface Accumulator {
  readonly reset: Body
  take(value: Code): Body
  /** What has come together, in the dtype of the result. */
  result(): Code
}

/** An accumulator of vectors, whose lanes can be taken together. */
export interface VectorAccumulator extends Accumulator {
  /** Hands all lanes to an accumulator of scalars. */
  handOver(scalar: Accumulator): Body
}

/** For one element at a time; floats are summed in float64. */
export function scalarAccumulator(reducer: Reducer, dtype: DType): Accumulator {
  switch (reducer) {
    case 'sum':
      return scalarType(dtype) === 'i32' ? integerSum() : floatSum(dtype as VectorDType)
    case 'max':
    case 'min':
      return scalarType(dtype) === 'i32'
        ? integerExtreme(reducer)
        : floatExtreme(reducer, dtype as VectorDType)
    case 'argmax':
    case 'argmin':
      throw new Error('internal: positions are found by positionAccumulator')
  }
}

function integerSum(): Accumulator {
  const total = local('i32', 'total')
  return {
    reset: [set(total, 0)],
    take: (value) => [increase(total, value as Code<'i32'>)],
    result: () => total,
  }
}

function floatSum(dtype: VectorDType): Accumulator {
  const total = local('f64', 'total')
  return {
    reset: [set(total, 0)],
    take: (value) => [
      set(
        total,
        f64.add(total, value.type === 'f32' ? f64.promote_f32(value as Code<'f32'>) : (value as Code<'f64'>)),
      ),
    ],
    result: () => (dtype === 'float32' ? f32.demote_f64(total) : total),
  }
}

function integerExtreme(reducer: 'max' | 'min'): Accumulator {
  const extreme = local('i32', 'extreme')
  const candidate = local('i32', 'candidate')
  const isBetter = reducer === 'max' ? i32.gt_s(candidate, extreme) : i32.lt_s(candidate, extreme)
  return {
    reset: [set(extreme, reducer === 'max' ? -(2 ** 31) : 2 ** 31 - 1)],
    take: (value) => [
      set(candidate, value as Code<'i32'>),
      set(extreme, select(candidate, extreme, isBetter)),
    ],
    result: () => extreme,
  }
}

function floatExtreme(reducer: 'max' | 'min', dtype: VectorDType): Accumulator {
  const floats = scalars[dtype]
  const extreme = local(floats.type as 'f32', 'extreme')
  return {
    reset: [set(extreme, reducer === 'max' ? -Infinity : Infinity)],
    take: (value) => [set(extreme, floats[reducer](extreme, value) as Code<'f32'>)],
    result: () => extreme,
  }
}

/** Finds the position of the first extreme element, or of the first NaN. */
export function positionAccumulator(reducer: 'argmax' | 'argmin', dtype: DType): Accumulator {
  const best = local('f64', 'best')
  const candidate = local('f64', 'candidate')
  const position = local('i32', 'position')
  const next = local('i32', 'next')
  const isBetter = reducer === 'argmax' ? f64.gt(candidate, best) : f64.lt(candidate, best)
  const isFirstNaN = i32.and(f64.ne(candidate, candidate), f64.eq(best, best))
  return {
    reset: [set(position, 0), set(next, 0)],
    take: (value) => [
      set(candidate, asFloat64(dtype, value)),
      if_(i32.or(i32.eqz(next), i32.or(isBetter, isFirstNaN)), [set(best, candidate), set(position, next)]),
      increase(next, 1),
    ],
    result: () => position,
  }
}

function asFloat64(dtype: DType, value: Code): Code<'f64'> {
  switch (scalarType(dtype)) {
    case 'f32':
      return f64.promote_f32(value as Code<'f32'>)
    case 'f64':
      return value as Code<'f64'>
    case 'i32':
      return f64.convert_i32_s(value as Code<'i32'>)
  }
}

/** For a vector of elements at a time. */
export function vectorAccumulator(reducer: 'sum' | 'max' | 'min', dtype: VectorDType): VectorAccumulator {
  if (reducer !== 'sum') return vectorExtreme(reducer, dtype)
  return dtype === 'float32' ? vectorSumOfFloat32() : vectorSumOfFloat64()
}

/** Four float32 are summed as two times two float64. */
function vectorSumOfFloat32(): VectorAccumulator {
  const halves = [local('v128', 'low'), local('v128', 'high')]
  const vector = local('v128', 'vector')
  const [low, high] = halves
  const upper = i8x16.shuffle(vector, vector, [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15])
  return {
    reset: halves.map((half) => set(half, f64x2.splat(0))),
    take: (value) => [
      set(vector, value as Code<'v128'>),
      set(low, f64x2.add(low, f64x2.promote_low_f32x4(vector))),
      set(high, f64x2.add(high, f64x2.promote_low_f32x4(upper))),
    ],
    result: () => {
      const [first, second] = halves.map((half) => f32x4.demote_f64x2_zero(half))
      return i8x16.shuffle(first, second, [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23])
    },
    handOver: (scalar) =>
      halves.map((half) => [0, 1].map((lane) => scalar.take(f64x2.extract_lane(half, lane)))),
  }
}

function vectorSumOfFloat64(): VectorAccumulator {
  const total = local('v128', 'total')
  return {
    reset: [set(total, f64x2.splat(0))],
    take: (value) => [set(total, f64x2.add(total, value as Code<'v128'>))],
    result: () => total,
    handOver: (scalar) => [0, 1].map((lane) => scalar.take(f64x2.extract_lane(total, lane))),
  }
}

function vectorExtreme(reducer: 'max' | 'min', dtype: VectorDType): VectorAccumulator {
  const floats = vectors[dtype]
  const extreme: Local<'v128'> = local('v128', 'extreme')
  /** Each lane with the one so many bytes further on. */
  const takeRotated = (bytes: number): Body => [
    set(
      extreme,
      floats[reducer](
        extreme,
        i8x16.shuffle(
          extreme,
          extreme,
          Array.from({ length: 16 }, (_, byte) => (byte + bytes) % 16),
        ),
      ) as Code<'v128'>,
    ),
  ]
  return {
    reset: [set(extreme, floats.constant(reducer === 'max' ? -Infinity : Infinity) as Code<'v128'>)],
    take: (value) => [set(extreme, floats[reducer](extreme, value) as Code<'v128'>)],
    result: () => extreme,
    handOver: (scalar) => [
      takeRotated(8),
      dtype === 'float32' ? takeRotated(4) : [],
      scalar.take(dtype === 'float32' ? f32x4.extract_lane(extreme, 0) : f64x2.extract_lane(extreme, 0)),
    ],
  }
}
