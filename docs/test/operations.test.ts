/** docs/operations.md is what the declarations of the operations say. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { operationsPage } from '../operationsPage.js'

const root = join(__dirname, '../..')
const path = join(root, 'docs/operations.md')

test('the page of operations is up to date', () => {
  const page = operationsPage(root)
  if (process.env.UPDATE_DOCS !== undefined) writeFileSync(path, page)
  expect(readFileSync(path, 'utf8')).toBe(page)
})
