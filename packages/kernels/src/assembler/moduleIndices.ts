/** The numbers by which code refers to functions, their types and globals, given out at first use. */
import { assemblerError } from './assemblerError.js'
import type { Callable, DefinedFunction, Global, ImportedFunction, ResultType, ValueType } from './tree.js'

const typeCodes: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b }

/** The byte that stands for a type. */
export function typeCode(type: ValueType): number {
  return typeCodes[type]
}

/** The bytes that declare a function's results: how many, and their types. */
export function resultCodes(type: ResultType): number[] {
  return type === 'none' ? [0] : [1, typeCodes[type]]
}

export class ModuleIndices {
  /** Function types as encoded, in order of their index. */
  readonly types: number[][] = []
  /** Defined functions in order; their indices follow those of the imports. */
  readonly functions: DefinedFunction[] = []
  readonly globals: Global[] = []
  private readonly typeIndices = new Map<string, number>()
  private readonly functionIndices = new Map<Callable, number>()
  private readonly globalIndices = new Map<Global, number>()

  constructor(imports: readonly ImportedFunction[]) {
    for (const imported of imports) this.functionIndices.set(imported, this.functionIndices.size)
  }

  typeOf({ parameters, result }: Callable): number {
    const codes = parameters.map(({ type }) => typeCodes[type])
    const encoded = [0x60, codes.length, ...codes, ...resultCodes(result)]
    return indexOf(this.typeIndices, String(encoded), () => this.types.push(encoded))
  }

  function(callee: Callable): number {
    return indexOf(this.functionIndices, callee, () => {
      if (callee.kind === 'import') {
        throw assemblerError(
          `import ${callee.module}.${callee.name} is called; list it in the module's imports`,
        )
      }
      this.functions.push(callee)
    })
  }

  global(variable: Global): number {
    return indexOf(this.globalIndices, variable, () => this.globals.push(variable))
  }
}

function indexOf<Key>(indices: Map<Key, number>, key: Key, add: () => void): number {
  const known = indices.get(key)
  if (known !== undefined) return known
  add()
  const index = indices.size
  indices.set(key, index)
  return index
}
