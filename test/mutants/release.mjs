// Mistakes in what decides whether binaries and releases are what they say.

const PREBUILDS = ['test/release/prebuilds.test.ts'];
const WORKFLOWS = ['test/release/workflows.test.ts'];

/** @type {import('./list.mjs').MutatedFile[]} */
export const files = [
  {
    file: 'scripts/prebuilds/reproduce.mjs',
    tests: PREBUILDS,
    mutants: [
      {
        what: 'what is compiled here is not compared with the files',
        from: 'again.sha256 !== sha256(bytes)',
        to: 'again.sha256 === undefined',
      },
      {
        what: 'the manifest may say what it likes of the flags',
        from: '!isDeepStrictEqual(again, entry)',
        to: 'again.sha256 !== entry.sha256',
      },
      {
        what: 'any compiler will do',
        from: 'if (versions[tool] === wanted) continue;',
        to: 'if (versions[tool] !== null) continue;',
      },
    ],
  },
  {
    file: 'scripts/prebuilds/check.mjs',
    tests: PREBUILDS,
    mutants: [
      {
        what: 'the manifest says which compiler is the right one',
        from: 'if (entry?.[tool] !== wanted)',
        to: 'if (entry?.[tool] === undefined)',
      },
      {
        what: 'what could not be checked is a success in CI',
        from: 'if (skips.length > 0 && (rebuild || ',
        to: "if (skips.length > 0 && (process.env.CI !== 'true' && rebuild && ",
      },
      {
        what: 'a link to another file is published',
        from: '!isFile || !expected.includes(name)',
        to: '!expected.includes(name)',
      },
      {
        what: 'the own files are compared, and not those of the installed package',
        from: 'const folder = join(root, PREBUILDS);',
        to: 'const folder = join(ROOT, PREBUILDS);',
      },
      {
        what: 'an addon that is loaded in place of the compared ones is not seen',
        from: "|| entry.name.endsWith('.node')",
        to: '',
      },
    ],
  },
  {
    file: 'scripts/prebuilds/hardened.mjs',
    tests: PREBUILDS,
    mutants: [
      { what: 'the stack protector is no matter', from: "!references.has('__stack_chk_fail')", to: 'false' },
      { what: 'the stack protector counts as a check of buffers', from: '/^__\\w+_chk$/', to: '/_chk/' },
      { what: 'addresses may be resolved late', from: ' || !bindsNow', to: '' },
      { what: 'the stack may be run', from: "?.includes('E') ?? true", to: "?.includes('X') ?? true" },
    ],
  },
  {
    file: 'scripts/release/pins.mjs',
    tests: WORKFLOWS,
    mutants: [
      { what: 'an action is named by a tag', from: '@[\\da-f]{40}$/', to: '@\\S+$/' },
      { what: 'an image has half a digest', from: '[\\da-f]{64}', to: '[\\da-f]+' },
      { what: 'images in commands and lists are not seen', from: '...(code.match(', to: "...(''.match(" },
      {
        what: 'a name in front of a comment is not seen',
        from: 'line.split(/(?:^|\\s)#/, 1)',
        to: 'line.split(/#|@/, 1)',
      },
    ],
  },
  {
    file: 'scripts/release/check.mjs',
    tests: WORKFLOWS,
    mutants: [
      { what: 'a release from another branch', from: 'if (!isOnMain) ', to: 'if (isOnMain === undefined) ' },
      {
        what: 'another version than that of the tag',
        from: 'if (tag !== ',
        to: 'if (tag === undefined && tag !== ',
      },
      { what: 'a release without provenance', from: ' || publishConfig.provenance !== true', to: '' },
    ],
  },
];
