/**
 * The code of one function: its locals are numbered as they are met, its labels by how deep they lie. Loops count, which
 * is the fastest way as long as an engine hasn't optimized them, and it is done with a first program before it has.
 */
import { assemblerError } from './assemblerError.js'
import { ByteWriter } from './bytes.js'
import { typeCode, type ModuleIndices } from './moduleIndices.js'
import { opcodes, variableOpcodes } from './opcodes.js'
import type { Body, DefinedFunction, Global, Instruction, Label, Local, Node, ValueType } from './tree.js'

const emptyBlockType = 0x40

/** The function's entry in the code section, without its length. */
export function encodeFunction(f: DefinedFunction, indices: ModuleIndices): Uint8Array {
  const encoder = new CodeEncoder(f, indices)
  encoder.functionBody()
  const entry = new ByteWriter()
  const added = encoder.locals.slice(f.parameters.length)
  entry.unsigned(added.length)
  for (const { type } of added) entry.bytes([1, typeCode(type)])
  entry.bytes(encoder.code.view())
  entry.byte(opcodes.end)
  return entry.view()
}

/** The constant that a global starts from, as a complete expression. */
export function encodeConstant({ opcode, immediates }: Instruction<ValueType>): Uint8Array {
  const code = new ByteWriter()
  writeInstruction(code, opcode, immediates)
  code.byte(opcodes.end)
  return code.view()
}

/** Opcodes of more than a byte are a prefix byte above bit 12, and a number below it. */
function writeInstruction(code: ByteWriter, opcode: number, immediates: readonly number[]): void {
  if (opcode < 0x100) code.byte(opcode)
  else {
    code.byte(opcode >> 12)
    code.unsigned(opcode & 0xfff)
  }
  for (let k = 0; k < immediates.length; k++) code.byte(immediates[k])
}

class CodeEncoder {
  readonly code = new ByteWriter()
  readonly locals: Local[] = []
  private readonly localIndices = new Map<Local, number>()
  private readonly labels: Label[] = []

  constructor(
    private readonly f: DefinedFunction,
    private readonly indices: ModuleIndices,
  ) {
    for (const parameter of f.parameters) this.local(parameter)
  }

  functionBody(): void {
    const { name, result, body } = this.f
    const items = body()
    if (result === 'none') return this.statements(items)
    this.statements(items.slice(0, -1))
    const last = items.at(-1)
    if (last === undefined || !('kind' in last) || last.type !== result) {
      throw assemblerError(`${name}: the last item of its body must be its result, of type ${result}`)
    }
    this.node(last)
  }

  private statements(body: readonly (Node | Body)[]): void {
    for (let k = 0; k < body.length; k++) {
      const item = body[k]
      if (!('kind' in item)) this.statements(item)
      else if (item.type === 'none') this.node(item)
      else throw assemblerError(`${this.f.name}: a statement leaves an ${item.type}; use or drop() it`)
    }
  }

  private node(node: Node): void {
    const { code } = this
    switch (node.kind) {
      case 'instruction':
        this.operands(node.operands)
        if (node.opcode === opcodes.return) this.checkReturn(node.operands)
        writeInstruction(code, node.opcode, node.immediates)
        break
      case 'local':
      case 'global':
        code.byte(variableOpcodes[node.kind].get)
        code.unsigned(this.variable(node))
        break
      case 'assignment':
        this.node(node.value)
        code.byte(node.type === 'none' ? variableOpcodes[node.variable.kind].set : variableOpcodes.local.tee)
        code.unsigned(this.variable(node.variable))
        break
      case 'structure':
        if (node.condition !== undefined) this.node(node.condition)
        code.byte(node.opcode)
        code.byte(emptyBlockType)
        this.labels.push(node.label)
        this.statements(node.body)
        if (node.otherwise.length > 0) {
          code.byte(opcodes.else)
          this.statements(node.otherwise)
        }
        this.labels.pop()
        code.byte(opcodes.end)
        break
      case 'branch':
        if (node.condition !== undefined) this.node(node.condition)
        code.byte(node.condition === undefined ? opcodes.br : opcodes.br_if)
        code.unsigned(this.depth(node.label))
        break
      case 'call':
        this.operands(node.operands)
        code.byte(opcodes.call)
        code.unsigned(this.indices.function(node.callee))
        break
    }
  }

  private operands(operands: readonly Node[]): void {
    for (let k = 0; k < operands.length; k++) this.node(operands[k])
  }

  private variable(variable: Local | Global): number {
    return variable.kind === 'local' ? this.local(variable) : this.indices.global(variable)
  }

  private local(local: Local): number {
    const known = this.localIndices.get(local)
    if (known !== undefined) return known
    this.localIndices.set(local, this.locals.length)
    return this.locals.push(local) - 1
  }

  /** How many structures lie between a branch and the one it goes to. */
  private depth(label: Label): number {
    const place = this.labels.lastIndexOf(label)
    if (place < 0) throw assemblerError(`${this.f.name}: a branch goes to a label that doesn't enclose it`)
    return this.labels.length - 1 - place
  }

  private checkReturn(operands: readonly Node[]): void {
    const got = operands.length === 0 ? 'none' : operands[0].type
    if (got !== this.f.result) {
      throw assemblerError(`${this.f.name}: return_ gives ${got}; the function's result is ${this.f.result}`)
    }
  }
}
