/** Trees to draw. */
import fc from 'fast-check'

/** Trees whose leaves are told apart by their text. */
export const tree = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('a', 'b;', '[0]', 'number', true, null, undefined, -1n),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'a.b', '[0]', '"', ',', '__proto__'), tie('tree'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
})).tree
