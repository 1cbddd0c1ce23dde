/** In what a step's new state differs from the old one, where it must not. */
import { isValue, specOf } from '@tapegrad/autograd'
import { mapTreeWithPaths } from '@tapegrad/autograd/tracing'
import { formatSpec } from './program.js'
import { signatureOf } from './signature.js'

/** Undefined where the two are of one structure, shapes and dtypes, else the first difference, as the end of a sentence. */
export function stateDifference(before: unknown, after: unknown): string | undefined {
  if (signatureOf(before).key === signatureOf(after).key) return undefined
  const [old, new_] = [formsOf(before), formsOf(after)]
  for (const [path, form] of old)
    if (new_.get(path) !== form) return `${path}: ${form} has become ${new_.get(path) ?? 'nothing'}`
  const added = [...new_].find(([path]) => !old.has(path))
  return added === undefined
    ? 'its keys are in another order, or it is empty'
    : `${added[0]}: ${added[1]} is new`
}

/** What is at each path. */
function formsOf(tree: unknown): Map<string, string> {
  const forms = new Map<string, string>()
  mapTreeWithPaths(tree, (leaf, path) =>
    forms.set(path === '' ? 'the state' : `state${path.startsWith('[') ? '' : '.'}${path}`, formOf(leaf)),
  )
  return forms
}

function formOf(leaf: unknown): string {
  if (isValue(leaf)) return formatSpec(specOf(leaf))
  return typeof leaf === 'string' ? JSON.stringify(leaf) : String(leaf)
}
