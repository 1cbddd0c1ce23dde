/** What each instruction on memory means, given the memory and the effective address. */

type Reference = (memory: DataView<ArrayBuffer>, address: number, ...operands: never[]) => unknown

const little = true
const vectorAt = (memory: DataView<ArrayBuffer>, address: number) =>
  new Uint8Array(memory.buffer.slice(address, address + 16))
const bytesAt = (memory: DataView<ArrayBuffer>, address: number, count: number) =>
  new Uint8Array(memory.buffer, address, count)

/** Loads two, four or eight integers, each widened to the double width. */
function extendingLoad(sourceBytes: number, sign: string): Reference {
  return (memory, address) => {
    const out = new Uint8Array(16)
    const source = bytesAt(memory, address, 8)
    for (let lane = 0; lane < 8 / sourceBytes; lane++) {
      const last = source[(lane + 1) * sourceBytes - 1]
      out.fill(sign === 's' && last >= 0x80 ? 0xff : 0, 2 * lane * sourceBytes, 2 * (lane + 1) * sourceBytes)
      out.set(source.subarray(lane * sourceBytes, (lane + 1) * sourceBytes), 2 * lane * sourceBytes)
    }
    return out
  }
}

function laneReferences(): Record<string, Reference> {
  const references: Record<string, Reference> = {}
  for (const count of [1, 2, 4, 8]) {
    const bits = count * 8
    references[`v128.load${bits}_splat`] = (memory, address) =>
      Uint8Array.from({ length: 16 }, (_, index) => memory.getUint8(address + (index % count)))
    references[`v128.load${bits}_lane`] = (memory, address, vector: Uint8Array, lane: number) => {
      const out = vector.slice()
      out.set(bytesAt(memory, address, count), lane * count)
      return out
    }
    references[`v128.store${bits}_lane`] = (memory, address, vector: Uint8Array, lane: number) => {
      bytesAt(memory, address, count).set(vector.subarray(lane * count, (lane + 1) * count))
    }
    if (count < 4) continue
    references[`v128.load${bits}_zero`] = (memory, address) => {
      const out = new Uint8Array(16)
      out.set(bytesAt(memory, address, count))
      return out
    }
  }
  return references
}

/** Each gives what memory held, and leaves a new value there. */
function atomicReferences(): Record<string, Reference> {
  const updates: Record<string, (old: bigint, value: bigint, replacement: bigint) => bigint> = {
    add: (old, value) => old + value,
    sub: (old, value) => old - value,
    and: (old, value) => old & value,
    or: (old, value) => old | value,
    xor: (old, value) => old ^ value,
    xchg: (_, value) => value,
    cmpxchg: (old, expected, replacement) => (old === expected ? replacement : old),
  }
  const references: Record<string, Reference> = {}
  for (const [name, update] of Object.entries(updates)) {
    references[`i32.atomic_rmw_${name}`] = (memory, address, value: number, replacement = 0) => {
      const old = memory.getInt32(address, little)
      memory.setInt32(
        address,
        Number(BigInt.asIntN(32, update(BigInt(old), BigInt(value), BigInt(replacement)))),
        little,
      )
      return old
    }
    references[`i64.atomic_rmw_${name}`] = (memory, address, value: bigint, replacement: bigint) => {
      const old = memory.getBigInt64(address, little)
      memory.setBigInt64(address, update(old, value, replacement), little)
      return old
    }
  }
  return references
}

const load32: Reference = (memory, address) => memory.getInt32(address, little)
const load64: Reference = (memory, address) => memory.getBigInt64(address, little)
const store32: Reference = (memory, address, value: number) => memory.setInt32(address, value, little)
const store64: Reference = (memory, address, value: bigint) => memory.setBigInt64(address, value, little)

export const memoryReferences: Record<string, Reference> = {
  'i32.load': load32,
  'i32.load8_s': (memory, address) => memory.getInt8(address),
  'i32.load8_u': (memory, address) => memory.getUint8(address),
  'i32.load16_s': (memory, address) => memory.getInt16(address, little),
  'i32.load16_u': (memory, address) => memory.getUint16(address, little),
  'i32.store': store32,
  'i32.store8': (memory, address, value: number) => memory.setInt8(address, value),
  'i32.store16': (memory, address, value: number) => memory.setInt16(address, value, little),
  'i64.load': load64,
  'i64.load8_s': (memory, address) => BigInt(memory.getInt8(address)),
  'i64.load8_u': (memory, address) => BigInt(memory.getUint8(address)),
  'i64.load16_s': (memory, address) => BigInt(memory.getInt16(address, little)),
  'i64.load16_u': (memory, address) => BigInt(memory.getUint16(address, little)),
  'i64.load32_s': (memory, address) => BigInt(memory.getInt32(address, little)),
  'i64.load32_u': (memory, address) => BigInt(memory.getUint32(address, little)),
  'i64.store': store64,
  'i64.store8': (memory, address, value: bigint) => memory.setInt8(address, Number(value & 0xffn)),
  'i64.store16': (memory, address, value: bigint) =>
    memory.setInt16(address, Number(value & 0xffffn), little),
  'i64.store32': (memory, address, value: bigint) =>
    memory.setInt32(address, Number(value & 0xffffffffn), little),
  'f32.load': (memory, address) => memory.getFloat32(address, little),
  'f32.store': (memory, address, value: number) => memory.setFloat32(address, value, little),
  'f64.load': (memory, address) => memory.getFloat64(address, little),
  'f64.store': (memory, address, value: number) => memory.setFloat64(address, value, little),
  'i32.atomic_load': load32,
  'i32.atomic_store': store32,
  'i64.atomic_load': load64,
  'i64.atomic_store': store64,
  ...atomicReferences(),
  'v128.load': (memory, address) => vectorAt(memory, address),
  'v128.store': (memory, address, value: Uint8Array) => bytesAt(memory, address, 16).set(value),
  'v128.load8x8_s': extendingLoad(1, 's'),
  'v128.load8x8_u': extendingLoad(1, 'u'),
  'v128.load16x4_s': extendingLoad(2, 's'),
  'v128.load16x4_u': extendingLoad(2, 'u'),
  'v128.load32x2_s': extendingLoad(4, 's'),
  'v128.load32x2_u': extendingLoad(4, 'u'),
  ...laneReferences(),
}
