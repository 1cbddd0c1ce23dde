import type { Config } from 'jest'

const config: Config = {
  testEnvironment: 'node',
  roots: ['<rootDir>/packages', '<rootDir>/examples', '<rootDir>/docs'],
  testMatch: ['**/test/**/*.test.ts'],
  transform: {
    '^.+\\.[jt]s$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^@tapegrad/kernels/assembler$': '<rootDir>/packages/kernels/src/assembler/index.ts',
    '^@tapegrad/autograd/testing$': '<rootDir>/packages/autograd/src/testing/index.ts',
    '^@tapegrad/autograd/tracing$': '<rootDir>/packages/autograd/src/tracing.ts',
    '^@tapegrad/train/node$': '<rootDir>/packages/train/src/node/index.ts',
    '^@tapegrad/([a-z]+)$': '<rootDir>/packages/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // Vega is published as ES modules, which Jest does not load, with these CommonJS bundles beside them.
    '^(vega|vega-lite)$': '<rootDir>/node_modules/$1/build/$1.min.js',
  },
  modulePathIgnorePatterns: ['/dist/'],
  // Instrumented once and cached; V8's own coverage would be mapped back to the sources anew for every test file.
  coverageProvider: 'babel',
  maxWorkers: '100%',
  collectCoverageFrom: ['packages/*/src/**/*.ts'],
  coverageReporters: ['text-summary', 'lcovonly'],
  coverageThreshold: { global: { lines: 95 } },
}

export default config
