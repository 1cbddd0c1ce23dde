/** The guide to compiling names just what can't be compiled. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as autograd from '@tapegrad/autograd'
import type { Value } from '@tapegrad/autograd'
import { eye, reshape, tensor } from '@tapegrad/autograd'
import { CompileError, compile, uncompilableOperations } from '@tapegrad/compiler'

/** A call of each operation that the guide lists, with x float32 [4]. */
const calls: Readonly<Record<string, (x: Value) => unknown>> = {
  argsort: (x) => autograd.argsort(x),
  sort: (x) => autograd.sort(x),
  topK: (x) => autograd.topK(x, 2),
  searchSorted: (x) => autograd.searchSorted(tensor([0, 1]), x),
  interp: (x) => autograd.interp(x, tensor([0, 1]), tensor([1, 2])),
  solve: (x) => autograd.solve(reshape(x, [2, 2]), eye(2)),
  triangularSolve: (x) => autograd.triangularSolve(reshape(x, [2, 2]), eye(2)),
  inverse: (x) => autograd.inverse(reshape(x, [2, 2])),
  cholesky: (x) => autograd.cholesky(reshape(x, [2, 2])),
  determinant: (x) => autograd.determinant(reshape(x, [2, 2])),
  logDeterminant: (x) => autograd.logDeterminant(reshape(x, [2, 2])),
}

/** Primitives that only derivatives use, and those that are traced as what they are made of. */
const unnamed = ['cofactors', 'differentiable', 'checkpoint']

const page = readFileSync(join(__dirname, '../compiling.md'), 'utf8')
const [, section] = /## What can't be compiled\n(.*?)\n## /s.exec(page)!
const listed = section
  .split('\n')
  .filter((line) => line.startsWith('- '))
  .flatMap((line) => [...line.matchAll(/`(\w+)`/g)].map(([, name]) => name))

test('the guide lists what the calls here are of', () => {
  expect([...listed].sort()).toEqual(Object.keys(calls).sort())
})

function namedByError(call: (x: Value) => unknown): string {
  try {
    compile((x: autograd.Tensor) => call(x))(tensor([1, 2, 3, 4]))
  } catch (error) {
    if (error instanceof CompileError && error.code === 'NOT_COMPILABLE')
      return /the operation (\w+) /.exec(error.message)![1]
    throw error
  }
  throw new Error('it could be compiled')
}

test.each(Object.keys(calls))('%s can not be compiled, as the guide says', (name) => {
  expect(uncompilableOperations).toContain(namedByError(calls[name]))
})

test('the guide leaves out no primitive that can not be compiled', () => {
  const named = Object.values(calls).map(namedByError)
  expect(new Set([...named, ...unnamed])).toEqual(new Set(uncompilableOperations))
})
