/** Sequential: layers by name, each applied to the output of the one before. */
import type { Rng, Value } from '@tapegrad/autograd'
import { ArgumentError } from '@tapegrad/autograd'
import type { Applied, ApplyOptions, Given, Layer, Output } from './layer.js'
import { describe } from './messages.js'

/** What any layer is, whatever its parameters and state. */
export interface AnyLayer {
  init(rng: Rng): object
  initState(): object
  apply(params: never, state: never, x: Value, options?: ApplyOptions): Applied<Value, object>
}

/** The parameters of each layer, by its name. */
export type SequentialParams<L> = {
  [Name in keyof L]: L[Name] extends { init(rng: Rng): infer P } ? P : never
}

/** The state of each layer, by its name. */
export type SequentialState<L> = { [Name in keyof L]: L[Name] extends { initState(): infer S } ? S : never }

/**
 * Layers applied in the order in which they are named. Parameters and state are objects of those of the layers, by
 * their names; a Sequential is itself a layer and may be inside another. Of no layers, it gives x back.
 *
 * Throws ArgumentError for names that are whole numbers, since JavaScript would move those to the front, and where
 * the parameters of a layer are missing.
 */
export class Sequential<L extends Record<string, AnyLayer>> implements Layer<
  SequentialParams<L>,
  SequentialState<L>
> {
  private readonly entries: readonly (readonly [name: string, layer: Layer])[]

  constructor(readonly layers: L) {
    for (const name of Object.keys(layers)) checkEntry(name, layers[name])
    // Each layer gets what its own init gave: SequentialParams says so to callers, but not to the compiler here.
    this.entries = Object.entries(layers as Record<string, unknown> as Record<string, Layer>)
  }

  init(rng: Rng): SequentialParams<L> {
    return this.byName((layer) => layer.init(rng)) as SequentialParams<L>
  }

  initState(): SequentialState<L> {
    return this.byName((layer) => layer.initState()) as SequentialState<L>
  }

  apply<X extends Value, Q extends Given<SequentialParams<L>>>(
    params: Q,
    state: Given<SequentialState<L>>,
    x: X,
    options?: ApplyOptions,
  ): Applied<Output<X, Q>, Given<SequentialState<L>>>
  apply(params: unknown, state: unknown, x: Value, options: ApplyOptions = {}): Applied<Value, unknown> {
    let output = x
    const nextState = this.byName((layer, name) => {
      const applied: Applied<Value, object> = layer.apply(
        this.partFor(name, 'parameters', params),
        this.partFor(name, 'state', state),
        output,
        options,
      )
      output = applied.output
      return applied.state
    })
    return { output, state: nextState }
  }

  forward<X extends Value, Q extends Given<SequentialParams<L>>>(params: Q, x: X): Output<X, Q> {
    return this.apply(params, this.initState() as Given<SequentialState<L>>, x).output
  }

  /** What `f` gives for each layer in turn, by its name. */
  private byName(f: (layer: Layer, name: string) => object): Record<string, object> {
    return Object.fromEntries(this.entries.map(([name, layer]) => [name, f(layer, name)]))
  }

  /** What a layer is given of parameters or state. */
  private partFor(name: string, what: 'parameters' | 'state', whole: unknown): object {
    const part = (whole as Readonly<Record<string, unknown>> | undefined)?.[name]
    if (typeof part === 'object' && part !== null) return part
    throw new ArgumentError(
      'LAYER_PART',
      `Sequential: layer ${name} got ${describe(part)} as its ${what}; wants what ` +
        `${what === 'state' ? 'initState()' : 'init(rng)'} gives, by the names ${Object.keys(this.layers).join(', ')}`,
    )
  }
}

function checkEntry(name: string, layer: unknown): void {
  if (/^\d+$/.test(name))
    throw new ArgumentError(
      'LAYER_NAME',
      `Sequential: a layer is named ${name}; wants names that are no whole numbers, which objects list first: layer${name}`,
    )
  if (typeof (layer as Partial<AnyLayer> | undefined)?.initState !== 'function')
    throw new ArgumentError(
      'NOT_A_LAYER',
      `Sequential: ${name} is ${describe(layer)}; wants a layer, such as new ReLU()`,
    )
}
