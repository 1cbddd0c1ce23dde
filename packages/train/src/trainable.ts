/** What can be trained: anything with parameters, an objective and an accuracy. */
import type { DType, MapLeaves, Rng, Tensor, Value, Variable } from '@tapegrad/autograd'
import { ArgumentError, dtypeOf, isValue, leavesOf } from '@tapegrad/autograd'
import type { FloatDType } from './gather.js'

/** What an objective is told beside the batch; of the form that the layers' `apply` takes as its options. */
export interface ObjectiveContext {
  /** True for the loss whose gradient is computed, false for the one that is recorded after the update. */
  readonly training: boolean
  /** Where random numbers come from, those of dropout say: drawing moves it on, from iteration to iteration. */
  readonly rng: Rng
}

/** A network with parameters of type P: a tree of tensors. */
export interface Trainable<P> {
  /** Replaced, never written into, when the network is trained. */
  params: P
  /**
   * The scalar loss of a batch under parameters that may be variables of a tape. Doesn't read `this.params`, and
   * draws random numbers from the context alone, which a network that draws none can leave out.
   */
  objective(
    params: P | MapLeaves<P, Tensor, Variable>,
    images: Tensor,
    labels: Tensor,
    context: ObjectiveContext,
  ): Value
  /** The fraction of the images that the network labels right, from 0 to 1. */
  accuracy(images: Tensor, labels: Tensor): number
}

/** The dtype a network computes in: float64 where its first parameter is, else float32. */
export function dtypeOfNetwork(net: { readonly params: unknown }): FloatDType {
  const first: DType | undefined = leavesOf(net.params).filter(isValue).map(dtypeOf)[0]
  return first === 'float64' ? 'float64' : 'float32'
}

/** Throws ArgumentError unless `net` has what a Trainable has. */
export function checkTrainable(name: string, net: Partial<Trainable<unknown>> | undefined): void {
  if (typeof net?.objective === 'function' && typeof net.accuracy === 'function' && net.params !== undefined)
    return
  throw new ArgumentError(
    'NETWORK',
    `${name}: the network lacks params, objective or accuracy; wants a TwoLayerNet or an object with all three`,
  )
}
