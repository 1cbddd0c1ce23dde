import { fc, test } from '@fast-check/jest'
import { Tape, leavesOf, mapTree, tensor } from '@tapegrad/autograd'
import { isBranch, mapTreeWithPaths } from '../src/tree.js'

/** Nested arrays and objects of any JSON, whose leaves are numbers, texts and the like. */
const tree = fc.jsonValue({ maxDepth: 4 })

describe('mapTree', () => {
  test.prop([tree])('by the identity gives an equal tree, made anew', (tree) => {
    const mapped = mapTree(tree, (leaf) => leaf)
    expect(mapped).toEqual(tree)
    if (isBranch(tree)) expect(mapped).not.toBe(tree)
  })

  test.prop([tree])('by two functions in turn is by both at once', (tree) => {
    const f = (leaf: unknown): unknown => [typeof leaf].join()
    const g = (leaf: unknown): unknown => `${String(leaf)}!`
    expect(mapTree(mapTree(tree, f), g)).toEqual(mapTree(tree, (leaf) => g(f(leaf))))
  })

  test.prop([tree])('gives what it gives with paths', (tree) => {
    const f = (leaf: unknown): unknown => `${typeof leaf} ${String(leaf)}`
    expect(mapTreeWithPaths(tree, f)).toEqual(mapTree(tree, f))
  })

  test.prop([tree])('visits the leaves in the order of leavesOf', (tree) => {
    const visited: unknown[] = []
    mapTree(tree, (leaf) => visited.push(leaf))
    expect(visited).toEqual(leavesOf(tree))
  })

  test('does not change the tree it is given', () => {
    const tree = Object.freeze({ a: Object.freeze([1, 2]) })
    expect(mapTree(tree, (leaf) => Number(leaf) + 1)).toEqual({ a: [2, 3] })
    expect(tree).toEqual({ a: [1, 2] })
  })

  test('names each leaf by its path, if asked to', () => {
    const paths: string[] = []
    mapTreeWithPaths([{ W: 1, layers: [{ b: 2 }] }, 3], (_leaf, path) => paths.push(path))
    expect(paths).toEqual(['[0].W', '[0].layers[0].b', '[1]'])
    mapTreeWithPaths({ W: 1 }, (_leaf, path) => paths.push(path))
    expect(paths.at(-1)).toBe('W')
    mapTreeWithPaths(5, (_leaf, path) => paths.push(path))
    expect(paths.at(-1)).toBe('')
  })

  test('keeps keys that objects know otherwise', () => {
    const tree: unknown = JSON.parse('{ "__proto__": 1, "constructor": 2 }')
    expect(JSON.stringify(mapTree(tree, (leaf) => leaf))).toBe('{"__proto__":1,"constructor":2}')
  })
})

describe('leavesOf', () => {
  test('tensors, variables, dates and functions are leaves; objects without a prototype are looked into', () => {
    const bare = Object.assign(Object.create(null) as object, { x: 1 })
    const leaves = [tensor([1]), new Tape().variable(1), new Date(0), Math.sin, 'text', null, undefined, 7n]
    expect(leavesOf(leaves)).toEqual(leaves)
    expect(leavesOf(bare)).toEqual([1])
  })

  test('of an empty tree there are none', () => {
    expect(leavesOf([{}, [], { a: [] }])).toEqual([])
  })
})
