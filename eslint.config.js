import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** What each layer may import: the table of docs/architecture.md, enforced. */
const forbid = (...patterns) => ({
  'no-restricted-imports': [
    'error',
    {
      paths: [
        {
          name: 'date-fns',
          message: 'The whole takes two seconds to load: import the function that you need by its path.',
        },
      ],
      patterns: patterns.map((group) => ({
        group: [group].flat(),
        message: 'See the layer table in docs/architecture.md.',
      })),
    },
  ],
});
const layers = ['compose', 'workflows', 'activities', 'worker', 'client', 'setup'];
const others = (...allowed) =>
  layers.filter((layer) => !allowed.includes(layer)).map((layer) => `**/${layer}/**`);
const npm = ['@temporalio/*', 'zod', 'execa', 'yaml', 'commander', 'log-update'];

export default defineConfig(
  { ignores: ['node_modules', '.cache', 'coverage', 'docs', '**/*.mjs', '*.js'] },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-definitions': 'off',
      // `return reader.error(…)` notes a problem and gives nothing: it reads as what it does.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
    },
  },
  { files: ['domain/**'], rules: forbid(others(), ['node:*', ...npm]) },
  {
    files: ['compose/**'],
    rules: forbid(
      others('compose'),
      npm.filter((name) => !['zod', 'yaml'].includes(name)),
    ),
  },
  {
    files: ['workflows/**'],
    rules: forbid(others('workflows', 'activities'), [
      'node:*',
      ...npm.slice(1),
      '@temporalio/client',
      '@temporalio/worker',
      '@temporalio/activity',
    ]),
  },
  {
    files: ['activities/**'],
    rules: forbid(others('activities', 'compose'), [
      '@temporalio/client',
      '@temporalio/worker',
      '@temporalio/workflow',
      'commander',
      'log-update',
    ]),
  },
  {
    files: ['activities/**', 'worker/**', 'client/**', 'setup/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'BinaryExpression[operator="-"] > CallExpression[callee.object.name="Date"][callee.property.name="now"]',
          message: 'Somebody may set the clock: measure time with performance.now().',
        },
      ],
    },
  },
  {
    files: ['worker/**'],
    rules: forbid(others('worker', 'activities', 'compose', 'setup'), [
      '@temporalio/workflow',
      'commander',
      'log-update',
    ]),
  },
  {
    files: ['client/**'],
    rules: forbid(others('client', 'compose', 'workflows', 'setup'), [
      '@temporalio/worker',
      '@temporalio/activity',
    ]),
  },
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            {
              from: 'package',
              package: 'node:test',
              name: ['test', 'it', 'describe', 'suite', 'before', 'after'],
            },
          ],
        },
      ],
    },
  },
);
