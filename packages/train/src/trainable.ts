/** What can be trained: anything with parameters, an objective and an accuracy. */
import type { DType, MapLeaves, Tensor, Value, Variable } from '@tapegrad/autograd'
import { ArgumentError, dtypeOf, isValue, leavesOf } from '@tapegrad/autograd'
import type { FloatDType } from './gather.js'

/** A network with parameters of type P: a tree of tensors. */
export interface Trainable<P> {
  /** Replaced, never written into, when the network is trained. */
  params: P
  /** The scalar loss of a batch under parameters that may be variables of a tape. Doesn't read `this.params`. */
  objective(params: P | MapLeaves<P, Tensor, Variable>, images: Tensor, labels: Tensor): Value
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
