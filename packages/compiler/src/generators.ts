/** Random number generators among arguments and states: taken apart into values for a program, and put together again. */
import type { Value } from '@tapegrad/autograd'
import { leavesOf, mapTree, Rng } from '@tapegrad/autograd'
import { isBranch } from '@tapegrad/autograd/tracing'

/** The key under which a generator's key and counter are, where a tree had the generator. */
const marker = 'tapegrad generator'

/** The tree with each generator replaced by its key and counter. */
export function takenApart(tree: unknown): unknown {
  return mapTree(tree, (leaf) => (leaf instanceof Rng ? { [marker]: [...leaf.key, leaf.counter] } : leaf))
}

/** The tree with its generators put together again. */
export function putTogether(tree: unknown): unknown {
  if (!isBranch(tree)) return tree
  if (Array.isArray(tree)) return tree.map(putTogether)
  const parts = partsOf(tree)
  if (parts !== undefined) return generatorOf(parts as readonly Value[])
  return Object.fromEntries(Object.entries(tree).map(([key, branch]) => [key, putTogether(branch)]))
}

/** What a generator was taken apart into, if the tree was one. */
export function partsOf(tree: object): readonly unknown[] | undefined {
  return marker in tree ? (tree as Record<string, readonly unknown[]>)[marker] : undefined
}

/** The generator of a key and a counter. */
export function generatorOf([low, high, counter]: readonly Value[]): Rng {
  return new Rng([low, high], counter)
}

export function generatorsOf(tree: unknown): Rng[] {
  return leavesOf(tree).filter((leaf) => leaf instanceof Rng)
}

/**
 * `f` on trees without generators: it is given those of its arguments taken apart, and returns its result taken apart
 * and the counters that drawing has moved on.
 */
export function withoutGenerators(
  f: (...args: never[]) => unknown,
): (...args: unknown[]) => readonly [result: unknown, counters: readonly Value[]] {
  return (...args) => {
    const whole = args.map(putTogether)
    const result = takenApart(f(...(whole as never[])))
    return [result, generatorsOf(whole).map(({ counter }) => counter)]
  }
}

/** Moves the generators in a tree on, as drawing from them would have. */
export function moveOn(tree: unknown, counters: readonly Value[]): void {
  if (counters.length === 0) return
  generatorsOf(tree).forEach((generator, k) => (generator.counter = counters[k]))
}
