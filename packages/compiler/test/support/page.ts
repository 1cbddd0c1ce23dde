/** A page with the built packages as native modules, and a headless browser that opens it. */
import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, join, normalize } from 'node:path'
import { tmpdir } from 'node:os'
import { root } from './built.js'

/** The path of Chromium, where it is installed. */
export const browser = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
  .find(isExecutable)

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const modules = {
  imports: {
    '@tapegrad/kernels': '/packages/kernels/dist/index.js',
    '@tapegrad/kernels/assembler': '/packages/kernels/dist/assembler/index.js',
    '@tapegrad/autograd': '/packages/autograd/dist/index.js',
    '@tapegrad/autograd/tracing': '/packages/autograd/dist/tracing.js',
    '@tapegrad/compiler': '/packages/compiler/dist/index.js',
    '@tapegrad/nn': '/packages/nn/dist/index.js',
    '@tapegrad/train': '/packages/train/dist/index.js',
    'typed-function': '/node_modules/typed-function/lib/esm/typed-function.mjs',
  },
}

/** Allows a page to share memory among threads. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

export interface PageOptions {
  readonly isolated: boolean
}

/** What the module `source` reports by a call of the global `report`, opened in a page, or the error it ended with. */
export async function openPage(source: string, { isolated }: PageOptions): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'tapegrad-page-'))
  let finish: (report: unknown) => void = () => undefined
  const reported = new Promise<unknown>((resolve) => (finish = resolve))
  const server = await serve(pageOf(source), isolated ? isolation : {}, finish)
  const { port } = server.address() as AddressInfo
  const opened = execFile(
    browser!,
    [...flags, `--user-data-dir=${folder}`, `http://127.0.0.1:${port}/`],
    (error) => {
      finish(`the browser ended: ${error?.message ?? 'without a report'}`)
    },
  )
  try {
    return await reported
  } finally {
    const ended = new Promise((resolve) => opened.once('exit', resolve))
    opened.kill('SIGKILL')
    await ended
    server.close()
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
  ...[
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-default-browser-check',
  ],
  '--remote-debugging-port=0',
]

/** Runs the source as a module, and posts what it reports. */
function pageOf(source: string): string {
  return `<!doctype html>
    <script type="importmap">${JSON.stringify(modules)}</script>
    <script>
      const report = (value) => fetch('/report', { method: 'POST', body: JSON.stringify(value ?? null) })
      addEventListener('error', ({ message }) => report('error: ' + message))
      addEventListener('unhandledrejection', ({ reason }) => report('error: ' + (reason?.stack ?? reason)))
    </script>
    <script type="module">${source}</script>`
}

const types: Readonly<Record<string, string>> = { js: 'text/javascript', mjs: 'text/javascript' }

function serve(
  page: string,
  headers: Readonly<Record<string, string>>,
  finish: (report: unknown) => void,
): Promise<Server> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    if (path === '/report') {
      let body = ''
      request.on('data', (part) => (body += String(part)))
      request.on('end', () => {
        response.end()
        finish(JSON.parse(body))
      })
      return
    }
    if (path === '/') {
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', ...headers }).end(page)
      return
    }
    readFile(join(root, path)).then(
      (bytes) => {
        const type = types[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
        response.writeHead(200, { 'Content-Type': type, ...headers }).end(bytes)
      },
      () => response.writeHead(404).end(),
    )
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}
