/** Every TypeScript block of the README and the guides is type checked, run, and held to the results it shows. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import ts from 'typescript'

const root = join(__dirname, '../..')
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

interface Block {
  readonly page: string
  readonly line: number
  readonly source: string
}

const blocks = pages.flatMap((page): Block[] => {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length + 1,
    source: match[1],
  }))
})

test('there are code blocks to run', () => {
  expect(blocks.length).toBeGreaterThan(3)
})

test('the code blocks type check', () => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8')) as {
    config: object
  }
  const { options } = ts.parseJsonConfigFileContent(
    { ...config, include: [] as string[], files: ['x.ts'] },
    ts.sys,
    root,
  )
  const files = new Map(
    blocks.map(({ page, line, source }) => [join(root, `${page}:${line}.ts`), `${source}\nexport {}\n`]),
  )
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.getSourceFile = (name, languageVersion, ...rest) => {
    const text = files.get(name)
    return text === undefined
      ? getSourceFile(name, languageVersion, ...rest)
      : ts.createSourceFile(name, text, languageVersion)
  }
  const program = ts.createProgram(
    [...files.keys(), join(root, 'packages/autograd/src/typed-function.d.ts')],
    { ...options, noUnusedLocals: false },
    host,
  )
  // The sources that the blocks import are checked by themselves.
  const diagnostics = [...files.keys()].flatMap((name) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(name)),
  )
  const problems = diagnostics.map((diagnostic) => {
    const place =
      diagnostic.file === undefined
        ? ''
        : `${diagnostic.file.fileName.slice(root.length + 1)}+${ts.getLineAndCharacterOfPosition(diagnostic.file, diagnostic.start ?? 0).line} `
    return place + ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')
  })
  expect(problems).toEqual([])
})

/** `expression // → result` becomes a call that compares the two. */
function withChecks(source: string): string {
  return source.replace(
    /^(?!\s*\/\/)(?:const (\w+) = )?(.*?)\s*\/\/ → (.*)$/gm,
    (_line, name: string | undefined, expression: string, result: string) =>
      `${name === undefined ? '' : `const ${name} = `}check(${expression}, ${JSON.stringify(result)})`,
  )
}

/** As the pages write results: text as it is, all else as Node prints it, on one line. */
function shown(value: unknown): string {
  const text =
    typeof value === 'string' ? value : inspect(value, { breakLength: Infinity, compact: true, depth: null })
  return text.replace(/\s+/g, ' ').trim()
}

test.each(blocks)('$page:$line runs and gives the results it shows', async ({ source }) => {
  const imports = [...source.matchAll(/^import [^']*'[^']*'$/gm)].map(([line]) => line).join('\n')
  const body = withChecks(source.replace(/^import [^']*'[^']*'$/gm, ''))
  const module = ts.transpileModule(
    `${imports}\nexport async function run(check: any, console: any) {\n${body}\n}`,
    {
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        esModuleInterop: true,
      },
    },
  )
  const exports: { run?: (check: unknown, console: unknown) => Promise<void> } = {}
  new Function('require', 'exports', module.outputText)(require, exports)
  const check = (value: unknown, result: string): unknown => {
    expect(shown(value)).toBe(result)
    return value
  }
  await exports.run?.(check, { log: () => undefined })
})
