/** Results of compiled calls: what a traced function returned, made anew with the values of each run. */
import type { Value } from '@tapegrad/autograd'
import { isBranch } from '@tapegrad/autograd/tracing'
import { generatorOf, partsOf } from './generators.js'

/** Where values are read from, by their positions. */
type Places = readonly { read(): Value }[]

/** A result, or a part of it. */
export interface Result {
  /** It, with values in their places. */
  filled(places: Places): unknown
}

/** The place of the n-th value in a result. */
export class Slot implements Result {
  constructor(readonly position: number) {}

  filled(places: Places): Value {
    return places[this.position].read()
  }
}

/** The result of a structure with slots in it, generators put together again. */
export function resultOf(structure: unknown): Result {
  if (structure instanceof Slot) return structure
  if (Array.isArray(structure)) return new ArrayResult(structure.map(resultOf))
  if (!isBranch(structure)) return new LeafResult(structure)
  const parts = partsOf(structure)
  if (parts !== undefined) return new GeneratorResult(parts.map(resultOf))
  return new ObjectResult(Object.keys(structure), Object.values(structure).map(resultOf))
}

class ArrayResult implements Result {
  constructor(private readonly branches: readonly Result[]) {}

  filled(places: Places): unknown[] {
    return this.branches.map((branch) => branch.filled(places))
  }
}

class ObjectResult implements Result {
  constructor(
    private readonly names: readonly string[],
    private readonly branches: readonly Result[],
  ) {}

  filled(places: Places): Record<string, unknown> {
    return Object.fromEntries(this.names.map((name, k) => [name, this.branches[k].filled(places)]))
  }
}

class GeneratorResult implements Result {
  constructor(private readonly parts: readonly Result[]) {}

  filled(places: Places): unknown {
    return generatorOf(this.parts.map((part) => part.filled(places)) as Value[])
  }
}

class LeafResult implements Result {
  constructor(private readonly leaf: unknown) {}

  filled(): unknown {
    return this.leaf
  }
}
