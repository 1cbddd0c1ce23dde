/** A minimal scalar engine of objects with closures, to hold the tape against: what one writes first. */
export class Scalar {
  derivative = 0
  passOn: (() => void) | undefined

  constructor(
    readonly value: number,
    readonly inputs: readonly Scalar[] = [],
  ) {}

  add(other: Scalar): Scalar {
    const out = new Scalar(this.value + other.value, [this, other])
    out.passOn = () => {
      this.derivative += out.derivative
      other.derivative += out.derivative
    }
    return out
  }

  sub(other: Scalar): Scalar {
    const out = new Scalar(this.value - other.value, [this, other])
    out.passOn = () => {
      this.derivative += out.derivative
      other.derivative -= out.derivative
    }
    return out
  }

  mul(other: Scalar): Scalar {
    const out = new Scalar(this.value * other.value, [this, other])
    out.passOn = () => {
      this.derivative += out.derivative * other.value
      other.derivative += out.derivative * this.value
    }
    return out
  }

  sin(): Scalar {
    const out = new Scalar(Math.sin(this.value), [this])
    out.passOn = () => {
      this.derivative += out.derivative * Math.cos(this.value)
    }
    return out
  }

  exp(): Scalar {
    const out = new Scalar(Math.exp(this.value), [this])
    out.passOn = () => {
      this.derivative += out.derivative * out.value
    }
    return out
  }

  /** Adds to each scalar that this one depends on the derivative by it. */
  backward(): void {
    const order = inOrder(this)
    this.derivative = 1
    for (let k = order.length - 1; k >= 0; k--) order[k].passOn?.()
  }
}

/** All scalars that `last` depends on, inputs first; with a stack of its own, for chains are deep. */
function inOrder(last: Scalar): Scalar[] {
  const order: Scalar[] = []
  const seen = new Set<Scalar>()
  const open = [{ scalar: last, isDone: false }]
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    const { scalar, isDone } = top
    if (isDone) order.push(scalar)
    else if (!seen.has(scalar)) {
      seen.add(scalar)
      open.push({ scalar, isDone: true })
      for (const input of scalar.inputs) open.push({ scalar: input, isDone: false })
    }
  }
  return order
}
