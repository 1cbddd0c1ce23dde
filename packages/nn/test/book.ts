/**
 * The layers of "Deep Learning from Scratch" as it writes them, in plain nested arrays: forward keeps what backward
 * needs, and backward is worked out by hand. They share nothing with the packages that they check.
 */
export type Matrix = number[][]

export const transposed = (a: Matrix): Matrix => a[0].map((_, j) => a.map((row) => row[j]))

export const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0].map((_, j) => row.reduce((total, x, k) => total + x * b[k][j], 0)))

interface BookLayer {
  forward(x: Matrix): Matrix
  backward(dout: Matrix): Matrix
}

export class BookAffine implements BookLayer {
  private x: Matrix = []
  dW: Matrix = []
  db: number[] = []

  constructor(
    private readonly W: Matrix,
    private readonly b: number[],
  ) {}

  forward(x: Matrix): Matrix {
    this.x = x
    return product(x, this.W).map((row) => row.map((sum, j) => sum + this.b[j]))
  }

  backward(dout: Matrix): Matrix {
    this.dW = product(transposed(this.x), dout)
    this.db = transposed(dout).map((column) => column.reduce((total, d) => total + d, 0))
    return product(dout, transposed(this.W))
  }
}

export class BookRelu implements BookLayer {
  private mask: boolean[][] = []

  forward(x: Matrix): Matrix {
    this.mask = x.map((row) => row.map((a) => a <= 0))
    return x.map((row, i) => row.map((a, j) => (this.mask[i][j] ? 0 : a)))
  }

  backward(dout: Matrix): Matrix {
    return dout.map((row, i) => row.map((d, j) => (this.mask[i][j] ? 0 : d)))
  }
}

export class BookSigmoid implements BookLayer {
  private out: Matrix = []

  forward(x: Matrix): Matrix {
    this.out = x.map((row) => row.map((a) => 1 / (1 + Math.exp(-a))))
    return this.out
  }

  backward(dout: Matrix): Matrix {
    return dout.map((row, i) => row.map((d, j) => d * (1 - this.out[i][j]) * this.out[i][j]))
  }
}

export class BookSoftmaxWithLoss {
  private y: Matrix = []
  private t: number[] = []

  forward(x: Matrix, t: number[]): number {
    this.t = t
    this.y = x.map((row) => {
      const powers = row.map((a) => Math.exp(a - Math.max(...row)))
      const total = powers.reduce((sum, power) => sum + power)
      return powers.map((power) => power / total)
    })
    return -t.reduce((sum, label, i) => sum + Math.log(this.y[i][label]), 0) / t.length
  }

  backward(): Matrix {
    return this.y.map((row, i) => row.map((y, j) => (y - (j === this.t[i] ? 1 : 0)) / this.t.length))
  }
}
