import type { Config } from 'jest'
import { readInitialOptions } from 'jest-config'

/** What takes long by nature: `npm run test:long`. Jest reads the usual settings, for Node can't import a .ts file. */
export default async function settings(): Promise<Config> {
  const { config } = await readInitialOptions('jest.config.ts')
  return { ...config, testMatch: ['**/test/**/*.long.ts'], collectCoverage: false }
}
