/** Opcodes that the structure of a program is written with; all others are rows of the tables. */
export const opcodes = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  br_if: 0x0d,
  return: 0x0f,
  call: 0x10,
  drop: 0x1a,
  select: 0x1b,
  i32Const: 0x41,
} as const

/** Opcodes on variables; a global has no tee. */
export const variableOpcodes = {
  local: { get: 0x20, set: 0x21, tee: 0x22 },
  global: { get: 0x23, set: 0x24 },
} as const
