/** One iteration of training after the other, by a compiled program or operation by operation. */
import type { Rng, Tensor, Value } from '@tapegrad/autograd'
import { cast, div, grad, rng, take, tensor } from '@tapegrad/autograd'
import { compileStep } from '@tapegrad/compiler'
import { sampledRows, shuffledRows } from './batches.js'
import type { Examples } from './examples.js'
import type { FitOptions } from './fitOptions.js'
import { gather } from './gather.js'
import type { ObjectiveContext, Trainable } from './trainable.js'
import { dtypeOfNetwork } from './trainable.js'

/** A training under way. */
export interface Training<P> {
  /** Draws a batch, updates the parameters by its gradient, and gives the loss on it after the update. */
  iterate(): number
  /** The parameters as they are now. */
  params(): P
  /** Lets go of what the training holds beside memory. */
  end(): void
}

export function startTraining<P, State>(
  net: Trainable<P>,
  examples: Examples,
  options: FitOptions<State>,
): Training<P> {
  const { batchSize, batches = 'sampled', compile = true, seed = 0, optimizer } = options
  const draw = batches === 'shuffled' ? shuffledRows : sampledRows
  const rows = draw(rng(seed), examples.images.shape[0], batchSize)
  const initial: TrainingState<P, State> = {
    params: net.params,
    optimizer: optimizer.init(net.params),
    // Split off a stream of the same seed, so that the batches are the same whatever the objective draws.
    rng: rng(seed).split(),
  }
  return (compile ? compiledTraining : eagerTraining)(net, examples, rows, initial, options)
}

/** Parameters, what the optimizer remembers, and the stream that the objective draws from. */
interface TrainingState<P, State> {
  readonly params: P
  readonly optimizer: State
  readonly rng: Rng
}

/** The examples stay in the program's memory; an iteration takes the numbers of a batch's rows and gives its loss. */
function compiledTraining<P, State>(
  net: Trainable<P>,
  examples: Examples,
  rows: Iterator<Int32Array, never>,
  initial: TrainingState<P, State>,
  { optimizer, threads }: FitOptions<State>,
): Training<P> {
  const step = improve(net, optimizer)
  const dtype = dtypeOfNetwork(net)
  const program = compileStep(
    (state: TrainingState<P, State>, numbers: Tensor) => {
      const bytes = take(examples.images, numbers)
      const images = examples.images.dtype === 'uint8' ? div(cast(bytes, dtype), 255) : cast(bytes, dtype)
      return step(state, images, take(examples.labels, numbers))
    },
    initial,
    { threads },
  )
  return {
    iterate: () => numberOf(program.step(tensor(rows.next().value))),
    params: () => program.state.params,
    end: () => {
      program.dispose()
    },
  }
}

function eagerTraining<P, State>(
  net: Trainable<P>,
  examples: Examples,
  rows: Iterator<Int32Array, never>,
  initial: TrainingState<P, State>,
  { optimizer }: FitOptions<State>,
): Training<P> {
  const step = improve(net, optimizer)
  const dtype = dtypeOfNetwork(net)
  let state = initial
  return {
    iterate: () => {
      const { images, labels } = gather(examples, rows.next().value, dtype)
      const result = step(state, images, labels)
      state = result.state
      return numberOf(result.outputs)
    },
    params: () => state.params,
    end: () => undefined,
  }
}

/** An iteration: the state after the update, whose generator has moved on, and the loss under it. */
function improve<P, State>(
  net: Trainable<P>,
  optimizer: FitOptions<State>['optimizer'],
): (
  state: TrainingState<P, State>,
  images: Tensor,
  labels: Tensor,
) => { readonly state: TrainingState<P, State>; readonly outputs: Value } {
  const gradient = gradientOf(net)
  return ({ params, optimizer: remembered, rng: source }, images, labels) => {
    const gradients = gradient(params, images, labels, { training: true, rng: source })
    const updated = optimizer.update(params, gradients, remembered)
    return {
      state: { params: updated.params, optimizer: updated.state, rng: source },
      outputs: net.objective(updated.params, images, labels, { training: false, rng: source }),
    }
  }
}

type GradientOfObjective<P> = (params: P, images: Tensor, labels: Tensor, context: ObjectiveContext) => P

/** The gradient of the network's objective by its parameters, of whose type it is: a leaf for a leaf. */
function gradientOf<P>(net: Trainable<P>): GradientOfObjective<P> {
  const objective = (params: P, images: Tensor, labels: Tensor, context: ObjectiveContext): Value =>
    net.objective(params, images, labels, context)
  // TypeScript can't work out the type of a gradient by parameters whose type it doesn't know.
  return grad(objective) as GradientOfObjective<P>
}

function numberOf(loss: Value): number {
  return typeof loss === 'number' ? loss : loss.item()
}
