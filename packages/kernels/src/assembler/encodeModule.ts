/** Trees to bytes: a module in WebAssembly's binary format. */
import { assemblerError } from './assemblerError.js'
import { ByteWriter, signedLeb32, unsignedLeb } from './bytes.js'
import { encodeConstant, encodeFunction } from './encodeFunction.js'
import { ModuleIndices, typeCode } from './moduleIndices.js'
import { opcodes } from './opcodes.js'
import type { DefinedFunction, ImportedFunction } from './tree.js'

/** The memory of a module: imported if it says from where, else its own. Sizes are in pages of 64 KiB. */
export interface MemoryDeclaration {
  minimum: number
  /** Required where the memory is shared. */
  maximum?: number
  shared?: boolean
  import?: readonly [module: string, name: string]
  /** The name it is exported by. */
  export?: string
}

export interface ModuleDeclaration {
  /** Every imported function that is called. */
  imports?: readonly ImportedFunction[]
  memory?: MemoryDeclaration
  /** Exported functions by name. The functions and globals that they use come along by themselves. */
  exports: Readonly<Record<string, DefinedFunction>>
  /** Bytes written to memory at each instantiation: on threads that share a memory, by each of them. */
  data?: readonly { readonly offset: number; readonly bytes: Uint8Array }[]
}

const pageLimit = 65536
const magicAndVersion = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
const externalKind = { function: 0x00, memory: 0x02 } as const

const mutable = 0x01
const activeData = 0x00

/** The module in binary: what `new WebAssembly.Module` takes. */
export function encodeModule(declaration: ModuleDeclaration): Uint8Array<ArrayBuffer> {
  const { imports = [], memory, exports, data = [] } = declaration
  const indices = new ModuleIndices(imports)
  const exportEntries = Object.entries(exports).map(([name, f]) => ({
    name,
    place: [externalKind.function, ...unsignedLeb(indices.function(f))],
  }))
  // Code comes first: it is what meets functions, types and globals. New functions lengthen the loop.
  const codes: Uint8Array[] = []
  for (const f of indices.functions) codes.push(encodeFunction(f, indices))
  const importTypes = imports.map((imported) => indices.typeOf(imported))
  const functionTypes = indices.functions.map((f) => indices.typeOf(f))
  const memoryType = memory === undefined ? [] : encodeMemoryType(memory)

  const out = new ByteWriter()
  out.bytes(magicAndVersion)
  writeSection(out, 1, indices.types, (section, type) => section.bytes(type))
  const importEntries = imports.map(({ module, name }, position) => ({
    path: [module, name],
    type: [externalKind.function, ...unsignedLeb(importTypes[position])],
  }))
  if (memory?.import)
    importEntries.push({ path: [...memory.import], type: [externalKind.memory, ...memoryType] })
  writeSection(out, 2, importEntries, (section, { path, type }) => {
    for (const name of path) section.name(name)
    section.bytes(type)
  })
  writeSection(out, 3, functionTypes, (section, type) => section.unsigned(type))
  writeSection(out, 5, memory && !memory.import ? [memoryType] : [], (section, type) => section.bytes(type))
  writeSection(out, 6, indices.globals, (section, { type, initial }) => {
    section.bytes([typeCode(type), mutable])
    section.bytes(encodeConstant(initial))
  })
  if (memory?.export !== undefined)
    exportEntries.push({ name: memory.export, place: [externalKind.memory, 0] })
  writeSection(out, 7, exportEntries, (section, { name, place }) => {
    section.name(name)
    section.bytes(place)
  })
  writeSection(out, 10, codes, (section, code) => section.sized(code))
  writeSection(out, 11, data, (section, { offset, bytes }) => {
    section.bytes([activeData, opcodes.i32Const, ...signedLeb32(offset), opcodes.end])
    section.sized(bytes)
  })
  return out.view().slice()
}

/** Writes a section with its number and size, unless it has no items. */
function writeSection<Item>(
  out: ByteWriter,
  number: number,
  items: readonly Item[],
  write: (section: ByteWriter, item: Item) => void,
): void {
  if (items.length === 0) return
  const section = new ByteWriter()
  section.unsigned(items.length)
  for (const item of items) write(section, item)
  out.byte(number)
  out.sized(section.view())
}

function encodeMemoryType({ minimum, maximum, shared = false }: MemoryDeclaration): number[] {
  for (const pages of [minimum, maximum ?? minimum]) {
    if (!Number.isInteger(pages) || pages < 0 || pages > pageLimit) {
      throw assemblerError(`memory: ${pages} pages; a memory has from 0 to ${pageLimit}, of 64 KiB each`)
    }
  }
  if (maximum !== undefined && maximum < minimum) {
    throw assemblerError(`memory: its maximum of ${maximum} pages is below its minimum of ${minimum}`)
  }
  if (shared && maximum === undefined) throw assemblerError('memory: a shared memory needs a maximum')
  const limits = unsignedLeb(minimum)
  if (maximum === undefined) return [0x00, ...limits]
  return [shared ? 0x03 : 0x01, ...limits, ...unsignedLeb(maximum)]
}
