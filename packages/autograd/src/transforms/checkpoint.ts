/** checkpoint: trades time for memory, forgetting the values inside a function and computing them again. */
import { pack, unpack } from '../pack.js'
import { registerVariadic } from '../primitive.js'
import type { Program } from '../segment.js'
import { replay, Segment, TracedError } from '../segment.js'
import { TapeVariable } from '../tape.js'
import { leavesOf, mapTree } from '../tree.js'
import type { Spec, Value } from '../value.js'
import { bareSpecOf } from '../value.js'
import { Variable } from '../variable.js'
import { checkNotPromise } from './arguments.js'
import { jvp } from './jvp.js'
import { vjp } from './vjp.js'

/** One call of a checkpointed function. */
interface Call {
  readonly program: Program
  readonly specs: readonly Spec[]
  /** The results of the first run, until they have been taken. */
  results: readonly Value[] | undefined
}

const callSegment = registerVariadic<Call>({
  name: 'checkpoint',
  label: () => 'checkpoint',
  infer: () => {
    throw new Error('internal: a checkpoint is inlined, its result never inferred')
  },
  compute: (inputs, call) => {
    const results = call.results ?? replay(call.program, inputs)
    call.results = undefined
    return pack(results)
  },
  reverse: (upstream, inputs, _output, { program, specs }, wanted) => {
    const sources = inputs.filter((_, k) => wanted[k])
    const { pullback } = vjp(
      (...watched: Value[]) => replay(program, mixed(inputs, watched, wanted)),
      sources,
    )
    const derivatives = pullback(unpack(upstream, specs))
    let next = 0
    return wanted.map((isWanted) => (isWanted ? derivatives[next++] : null))
  },
  forward: (tangents, inputs, _output, { program }) => {
    const carries = tangents.map((tangent) => tangent !== undefined)
    const primals = inputs.filter((_, k) => carries[k])
    const directions = tangents.filter((tangent) => tangent !== undefined)
    const { tangent } = jvp(
      (...carried: Value[]) => replay(program, mixed(inputs, carried, carries)),
      primals,
      directions,
    )
    return [pack(tangent as readonly Value[])]
  },
})

/** `inputs` with those that `isReplaced` replaced, in order, by `replacements`. */
function mixed(
  inputs: readonly Value[],
  replacements: readonly Value[],
  isReplaced: readonly boolean[],
): Value[] {
  let next = 0
  return inputs.map((input, k) => (isReplaced[k] ? replacements[next++] : input))
}

/**
 * `f`, but to a tape it is one entry that keeps only the inputs: the values in between are forgotten once the
 * result is there, and computed again, from the recorded operations, when the reverse walk comes to them. Costs
 * one more run of the operations, and saves their memory in the meantime (Griewank and Walther, Evaluating
 * Derivatives, ch. 12). Arguments and results may be trees. Variables that `f` captures are differentiated too, but
 * what is computed from these alone is recorded, and kept, where they are: pass them as arguments to forget it.
 *
 * Throws ArgumentError where `f` returns a Promise.
 */
export function checkpoint<P extends unknown[], R>(f: (...args: P) => R): (...args: P) => R {
  return (...args) => {
    try {
      return callForgetting(f, args)
    } catch (error) {
      // A traced program plans its memory as a whole: there is nothing to forget yet, and no data to run on.
      if (error instanceof TracedError) return f(...args)
      throw error
    }
  }
}

function callForgetting<P extends unknown[], R>(f: (...args: P) => R, args: P): R {
  const segment = new Segment()
  const watched = mapTree(args, (leaf) => (leaf instanceof Variable ? segment.lift(leaf) : leaf)) as P
  const result = f(...watched)
  checkNotPromise('checkpoint', result)
  const isOwn = (leaf: unknown): leaf is TapeVariable => leaf instanceof TapeVariable && leaf.tape === segment
  const outputs = leavesOf(result).filter(isOwn)
  if (outputs.length === 0) return result

  const results = outputs.map(({ value }) => value)
  const program = { recording: segment.recording, outputs: outputs.map(({ index }) => index) }
  segment.forget()
  const specs = results.map(bareSpecOf)
  const elements = unpack(callSegment(segment.lifted, { program, specs, results }), specs)
  let next = 0
  return mapTree(result, (leaf) => (isOwn(leaf) ? elements[next++] : leaf)) as R
}
