import type { Tensor, Value } from '@tapegrad/autograd'
import { matmul, mul, ones, relu } from '@tapegrad/autograd'
import { compile } from '../../src/compile.js'

test.each([1, 2])('products of nothing beside others have a place, on %s threads', (threads) => {
  const f = compile(
    (x: Value, w: Value, e: Value) => [matmul(x, w), relu(matmul(w, x)), mul(matmul(e, x), 2)],
    {
      threads,
    },
  )
  const [product, , empty] = f(ones([32, 512]), ones([512, 32]), ones([0, 32])) as Tensor[]
  expect(product.data.every((element) => element === 512)).toBe(true)
  expect(empty.shape).toEqual([0, 512])
})
