/** The page docs/operations.md, made of what the declarations of the operations say and of what tapes record of them. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import ts from 'typescript'
import * as autograd from '../packages/autograd/src/index.js'
import type { Primitive } from '../packages/autograd/src/primitive.js'
import { allPrimitives } from '../packages/autograd/src/primitive.js'
import { domains } from '../packages/autograd/test/support/domains.js'

/** A file of operations: the sentence it opens with, and what it declares. */
interface Family {
  readonly title: string
  readonly summary: string
  /** What users call. */
  readonly operations: readonly Operation[]
  readonly primitives: readonly Primitive[]
  /** What is said of each exported function. */
  readonly summaries: ReadonlyMap<string, string>
}

interface Operation {
  readonly name: string
  readonly summary: string
}

/** The names of all operations that users call. */
const publicNames = new Set(Object.keys(domains).filter((name) => name in autograd))

/** The page; `root` is the directory of the repository. */
export function operationsPage(root: string): string {
  const source = join(root, 'packages/autograd/src')
  return `${[
    '# Operations',
    'Every operation there is, by family. Each takes numbers, tensors and variables, and is recorded where one of its inputs is a variable.',
    'An operation with a derivative of its own is a _primitive_. The derivative comes as two rules, written in operations themselves: the _reverse_ rule takes the derivative that arrives at the result to the inputs, the _forward_ rule takes the inputs’ tangents to the result. “zero” stands for a derivative that is zero wherever there is one. All other operations are made of primitives, and have the derivatives that follow; beside them stands what a tape records, over calls of all kinds.',
    '_This page is generated from the declarations: `npm test` says when it is out of date, and `UPDATE_DOCS=1 npx jest docs/test/operations` writes it anew._',
    '## Primitives and what is called by their names',
    ...familiesIn(join(source, 'primitives')).flatMap(sectionOf),
    '## Made of others',
    ...familiesIn(join(source, 'composed')).flatMap(sectionOf),
  ].join('\n\n')}\n`
}

function familiesIn(folder: string): Family[] {
  return readdirSync(folder)
    .sort()
    .map((file) => familyOf(join(folder, file)))
    .filter(({ operations, primitives }) => operations.length + primitives.length > 0)
}

function familyOf(path: string): Family {
  const text = readFileSync(path, 'utf8')
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
  const declared = declarationsIn(tree)
  const literals = stringsIn(tree)
  const words = basename(path, '.ts').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return {
    title: words.charAt(0).toUpperCase() + words.slice(1),
    summary: /^\/\*\*(.*?)\*\//s
      .exec(text)![1]
      .replace(/\s*\n \*\s*/g, ' ')
      .trim(),
    operations: declared.filter(({ name }) => publicNames.has(name)),
    summaries: new Map(declared.map(({ name, summary }) => [name, summary])),
    primitives: path.includes('primitives') ? allPrimitives().filter(({ name }) => literals.has(name)) : [],
  }
}

/** The exported functions and constants, each with the first sentence of its documentation. */
function declarationsIn(tree: ts.SourceFile): Operation[] {
  const found = new Map<string, string>()
  tree.forEachChild((node) => {
    const name = ts.isFunctionDeclaration(node)
      ? node.name?.text
      : ts.isVariableStatement(node)
        ? node.declarationList.declarations[0].name.getText()
        : undefined
    if (name !== undefined && !found.has(name)) found.set(name, firstSentence(node))
  })
  return [...found].map(([name, summary]) => ({ name, summary }))
}

function firstSentence(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node)
  if (comment === undefined) return ''
  // Of what is internal the documentation is that of the tag which says so.
  const { comment: text, tags } = comment as ts.JSDoc
  const sentences = ts.getTextOfJSDocComment(text ?? tags?.[0].comment) ?? ''
  return /^.*?(?:\.(?=\s|$)|$)/s.exec(sentences)![0].replace(/\s+/g, ' ')
}

/** All strings in a file: among them are the names of the primitives that it declares. */
function stringsIn(tree: ts.SourceFile): Set<string> {
  const strings = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node)) strings.add(node.text)
    node.forEachChild(visit)
  }
  visit(tree)
  return strings
}

function sectionOf({ title, summary, operations, primitives, summaries }: Family): string[] {
  const own = new Set(primitives.map(({ name }) => name))
  const composed = operations.filter(({ name }) => !own.has(name))
  return [
    `### ${title}`,
    summary,
    ...table(
      ['primitive', '', 'inputs', 'reverse', 'forward'],
      primitives.map((primitive) => [
        `\`${primitive.name}\``,
        cell(summaryOf(primitive.name, summaries)),
        primitive.arity === 'variadic' ? 'any' : String(primitive.arity),
        rulesOf(primitive, 'reverse'),
        rulesOf(primitive, 'forward'),
      ]),
    ),
    ...table(
      ['operation', '', 'made of'],
      composed.map(({ name, summary }) => [`\`${name}\``, cell(summary), partsOf(name)]),
    ),
  ]
}

/** What is said of a primitive; of one that users don't call, where it is met. */
function summaryOf(name: string, summaries: ReadonlyMap<string, string>): string {
  const summary = summaries.get(name) ?? ''
  return publicNames.has(name) ? summary : `${summary} _Made by other operations and derivatives._`.trim()
}

function cell(text: string): string {
  return text.replace(/\|/g, '\\|')
}

/** Whether a primitive has a rule: for all inputs, for which of two, or for none. */
function rulesOf(primitive: Primitive, direction: 'reverse' | 'forward'): string {
  switch (primitive.arity) {
    case 1:
    case 'variadic':
      return primitive[direction] === null ? 'zero' : 'yes'
    case 2: {
      const [x, y] = primitive[direction]
      if (x === null || y === null) return x !== null ? 'first input' : y !== null ? 'second input' : 'zero'
      return 'yes'
    }
  }
}

/** The primitives that a tape records of an operation, over calls drawn from its domain, in order. */
function partsOf(name: string): string {
  const recorded = new Set<string>()
  for (const { apply, inputs } of fc.sample(domains[name as keyof typeof domains], {
    numRuns: 50,
    seed: 1,
  })) {
    const tape = new autograd.Tape()
    apply(...inputs.map((x) => tape.variable(x)))
    for (const { operation } of tape.entries) recorded.add(operation)
  }
  return [...recorded]
    .filter((operation) => operation !== 'variable' && operation !== 'constant')
    .map((operation) => `\`${operation}\``)
    .join(', ')
}

/** A Markdown table, its columns aligned; nothing where it has no rows. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return []
  const widths = head.map((title, k) => Math.max(3, title.length, ...rows.map((row) => row[k].length)))
  const line = (cells: readonly string[], fill: string): string =>
    `| ${cells.map((text, k) => text.padEnd(widths[k], fill)).join(' | ')} |`
  return [
    [
      line(head, ' '),
      line(
        head.map(() => ''),
        '-',
      ),
      ...rows.map((row) => line(row, ' ')),
    ].join('\n'),
  ]
}
