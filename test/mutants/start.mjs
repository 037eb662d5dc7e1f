// Mistakes in what a process does once: loading the addon, random numbers, compiled code, parsing.

const CACHE = ['test/cli/compile-cache.test.ts'];

/** @type {import('./list.mjs').MutatedFile[]} */
export const files = [
  {
    file: 'src/cli/compile-cache.ts',
    tests: CACHE,
    mutants: [
      {
        what: 'the home directory may be that of somebody else',
        from: 'if (uid !== user && uid !== 0) return false;',
        to: '',
      },
      {
        what: 'others may write to the directories above',
        from: 'return path === dirname(path) || isSafeAncestor(dirname(path), user);',
        to: 'return true;',
      },
      { what: 'a file is taken for the folder', from: 'status.isDirectory() && ', to: '' },
      { what: 'the folder may be that of somebody else', from: ' && status.uid === user', to: '' },
      {
        what: 'others may write to the folder',
        from: ' && (status.mode & WRITABLE_BY_OTHERS) === 0',
        to: '',
      },
    ],
  },
  {
    file: 'src/backend/require-addon.ts',
    tests: ['test/host/start.test.ts'],
    mutants: [
      {
        what: 'the environment decides which addon is loaded',
        from: 'const { root } = ownPackage();',
        to: 'const root = process.env.KERNEL_IDENTITY_PREBUILD ?? ownPackage().root;',
      },
      {
        what: 'an addon of the working directory is loaded where the package has none',
        from: 'const found = places.map((place) => join(root, place))',
        to: "const found = [root, '.'].flatMap((folder) => places.map((place) => join(folder, place)))",
        tests: ['test/host/addon-path.test.ts'],
      },
    ],
  },
  {
    file: 'src/backend/native.ts',
    tests: ['test/host/start.test.ts'],
    mutants: [
      {
        what: 'the slow probe is made for every lock',
        from: '        get lossEvents() {\n          return lossEvents();\n        },\n',
        to: '        lossEvents: lossEvents(),\n',
      },
    ],
  },
  {
    file: 'src/record/parse-owner.ts',
    tests: ['test/record/parse-owner.test.ts'],
    mutants: [
      {
        what: 'a record that can still be changed is trusted',
        from: "  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) deeplyFrozen(part);\n",
        to: '',
      },
    ],
  },
  {
    file: 'src/lock/protocol/nonce.ts',
    tests: ['test/lock/nonce.test.ts'],
    mutants: [
      {
        what: 'copies of a machine draw the same nonces',
        from: '  mixIn(nanoseconds, used + WORD);\n',
        to: '',
      },
      { what: 'a nonce is given out twice', from: '  used += BYTES;\n', to: '' },
    ],
  },
];
