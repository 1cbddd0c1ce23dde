/** What follows an opcode: the kinds of immediates, the arguments they are written as, and their bytes. */
import { signedLeb32, signedLeb64, unsignedLeb } from './bytes.js'
import { assemblerError } from './assemblerError.js'

type Bytes = 'bytes1' | 'bytes2' | 'bytes4' | 'bytes8' | 'bytes16'
type Lane = 'lane2' | 'lane4' | 'lane8' | 'lane16'

/**
 * - `bytes4`: the instruction touches 4 bytes of memory; takes a static offset, 0 if not given
 * - `lane4`: takes the number of one of 4 lanes; behind `bytes4`, it comes before the offset
 * - `lanes`: takes 16 lane numbers, 0–31
 * - `i32`, …, `v128`: takes a constant, `v128` as 16 bytes
 * - `zero`, `zeros`: takes nothing; one or two reserved zero bytes
 */
export type ImmediateKind =
  Bytes | Lane | `${Bytes} ${Lane}` | 'lanes' | 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'zero' | 'zeros'

/** The arguments that give an immediate of kind K. */
export type ImmediateArguments<K> = K extends Bytes
  ? [offset?: number]
  : K extends Lane
    ? [lane: number]
    : K extends `${Bytes} ${Lane}`
      ? [lane: number, offset?: number]
      : K extends 'lanes'
        ? [lanes: readonly number[]]
        : K extends 'i32' | 'f32' | 'f64'
          ? [value: number]
          : K extends 'i64'
            ? [value: number | bigint]
            : K extends 'v128'
              ? [bytes: ArrayLike<number>]
              : []

/** Writes an immediate given by the arguments `values[start…]`. */
export type ImmediateEncoder = (
  instruction: string,
  values: readonly unknown[],
  start: number,
) => readonly number[]

/** How many arguments a kind of immediate takes at most, and how they become bytes. */
export function immediateOf(kind: ImmediateKind | undefined): [count: number, encode: ImmediateEncoder] {
  if (kind === undefined) return [0, () => noBytes]
  if (kind in fixedEncoders) return fixedEncoders[kind as keyof typeof fixedEncoders]
  const [first, second] = kind.split(' ')
  if (first.startsWith('lane')) {
    const lanes = sizeOf(first)
    return [1, (instruction, values, start) => [integer(instruction, 'lane', values[start], 0, lanes - 1)]]
  }
  const alignment = Math.log2(sizeOf(first))
  const noOffset = [alignment, 0]
  const memory = (instruction: string, offset: unknown): number[] =>
    offset === undefined || offset === 0
      ? noOffset
      : [alignment, ...unsignedLeb(integer(instruction, 'offset', offset, 0, 2 ** 32 - 1))]
  if (second === undefined) return [1, (instruction, values, start) => memory(instruction, values[start])]
  const lanes = sizeOf(second)
  return [
    2,
    (instruction, values, start) => [
      ...memory(instruction, values[start + 1]),
      integer(instruction, 'lane', values[start], 0, lanes - 1),
    ],
  ]
}

const noBytes: readonly number[] = []

const fixedEncoders: Record<
  'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'lanes' | 'zero' | 'zeros',
  [count: number, encode: ImmediateEncoder]
> = {
  i32: [1, (instruction, values, start) => i32Bytes(instruction, values[start])],
  i64: [1, (instruction, values, start) => i64Bytes(instruction, values[start])],
  f32: [1, (instruction, values, start) => floatBytes(instruction, values[start], 4)],
  f64: [1, (instruction, values, start) => floatBytes(instruction, values[start], 8)],
  v128: [1, (instruction, values, start) => sixteen(instruction, values[start], 255)],
  lanes: [1, (instruction, values, start) => sixteen(instruction, values[start], 31)],
  zero: [0, () => [0]],
  zeros: [0, () => [0, 0]],
}

/** Signed and unsigned 32-bit integers are both accepted: the bits are the same. */
function i32Bytes(instruction: string, value: unknown): number[] {
  return signedLeb32(integer(instruction, 'constant', value, -(2 ** 31), 2 ** 32 - 1))
}

function i64Bytes(instruction: string, value: unknown): number[] {
  const big = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof big !== 'bigint' || big < -(2n ** 63n) || big >= 2n ** 64n) {
    throw assemblerError(`${instruction}: constant is ${String(value)}; it must be an integer of 64 bits`)
  }
  return signedLeb64(big)
}

const scratch = new DataView(new ArrayBuffer(8))

function floatBytes(instruction: string, value: unknown, size: 4 | 8): number[] {
  if (typeof value !== 'number') {
    throw assemblerError(`${instruction}: constant is ${String(value)}; it must be a number`)
  }
  if (size === 4) scratch.setFloat32(0, value, true)
  else scratch.setFloat64(0, value, true)
  return Array.from(new Uint8Array(scratch.buffer, 0, size))
}

function sixteen(instruction: string, values: unknown, largest: number): number[] {
  const bytes = Array.from((values ?? []) as ArrayLike<number>)
  if (bytes.length !== 16) {
    throw assemblerError(`${instruction}: got ${bytes.length} bytes; a vector has 16`)
  }
  return bytes.map((byte) => integer(instruction, 'byte', byte, 0, largest))
}

function integer(instruction: string, what: string, value: unknown, low: number, high: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
    throw assemblerError(
      `${instruction}: ${what} is ${String(value)}; it must be an integer from ${low} to ${high}`,
    )
  }
  return value
}

function sizeOf(kind: string): number {
  return Number(kind.replace(/\D+/, ''))
}
