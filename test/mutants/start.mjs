// Mistakes in what a process does once: loading the addon, random numbers, compiled code, parsing.

const FOLDER = ['test/cli/compile-cache.test.ts'];
const CODE = ['test/cli/code-cache.test.ts'];

/** @type {import('./list.mjs').MutatedFile[]} */
export const files = [
  {
    file: 'src/second-part.ts',
    tests: ['test/host/second-part.test.ts'],
    mutants: [
      {
        what: 'the second file may be that of another version',
        from: "if (file.build !== build) throw new PackageReplacedError('is of another version');",
        to: '',
      },
      {
        what: 'a want of descriptors counts as a package that was replaced',
        from: 'if (isShortage(error)) throw error;',
        to: '',
      },
    ],
  },
  {
    file: 'src/lock/protocol/open-lock.ts',
    tests: ['test/host/second-part.test.ts'],
    mutants: [
      {
        what: 'a directory stays open when what else it may be cannot be read',
        from: 'if (!isFound) found.close();',
        to: '',
      },
    ],
  },
  {
    file: 'src/lock/timeout-error.ts',
    tests: ['test/host/second-part.test.ts'],
    mutants: [
      {
        what: 'a second file that is gone takes the place of the timeout',
        from: '  } catch {\n',
        to: '  } catch (error) {\n    throw error;\n',
      },
    ],
  },
  {
    file: 'src/cli/cache-folder.ts',
    tests: FOLDER,
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
      {
        what: 'the folder, or what lies in it, may be of somebody else',
        from: 'uid === process.geteuid?.() && ',
        to: '',
        tests: [...FOLDER, ...CODE],
      },
      {
        what: 'others may write to the folder, or to what lies in it',
        from: ' && (mode & WRITABLE_BY_OTHERS) === 0;\n}\n\n/** Nobody',
        to: ';\n}\n\n/** Nobody',
        tests: [...FOLDER, ...CODE],
      },
    ],
  },
  {
    file: 'src/cli/compile-cache.ts',
    tests: FOLDER,
    mutants: [
      {
        what: 'compiled code is kept although the environment forbids it',
        from: '  if (process.env.NODE_DISABLE_COMPILE_CACHE !== undefined) return;\n',
        to: '',
      },
    ],
  },
  {
    // On Node 22 and later this file does nothing, so the mutants live there.
    file: 'src/cli/code-cache.ts',
    tests: CODE,
    mutants: [
      { what: 'others may write to compiled code', from: '!isOnlyOwn(status) || ', to: '' },
      {
        what: 'a link to compiled code is followed',
        from: 'status = lstatSync(file)',
        to: 'status = statSync(file)',
      },
      { what: 'a FIFO is waited for', from: '!status.isFile() || ', to: '' },
      { what: 'compiled code of any size is read', from: ' || status.size > MAX_SIZE', to: '' },
      {
        what: 'the compiled code of another build with the same length runs',
        from: 'content.subarray(length, -length).equals(source) && ',
        to: '',
      },
      {
        what: 'compiled code that is damaged crashes the process',
        from: ' && content.subarray(-length).equals(code)',
        to: '',
      },
      { what: 'what V8 rejects stays', from: ' || script.cachedDataRejected', to: '' },
      {
        what: 'compiled code is written before the command runs',
        from: "process.once('exit', () => writeCode(file, source, script));",
        to: 'writeCode(file, source, script);',
      },
      {
        what: 'modules of others are kept',
        from: '    if (dirname(path) !== dirname(here)) return compileAsEver(module, path);\n',
        to: '',
      },
      {
        what: 'code for other flags takes the place of the kept one',
        from: '  if (process.execArgv.length > 0 || process.env.NODE_OPTIONS) return;\n',
        to: '',
      },
      { what: 'everybody may read what a command compiled', from: 'mode: 0o600', to: 'mode: 0o644' },
      {
        what: 'a file that could not be finished stays',
        from: '      rmSync(unfinished, { force: true });\n',
        to: '',
      },
      {
        what: 'a failure to write compiled code fails the command',
        from: '  } catch {}\n',
        to: '  } finally {}\n',
      },
      { what: 'files of others are deleted', from: 'if (!NAME.test(name)) continue;', to: '' },
      {
        what: 'compiled code of yesterday is deleted',
        from: ' && Date.now() - status.mtimeMs > MAX_AGE',
        to: '',
      },
      { what: 'compiled code of other builds piles up', from: '    deleteOld(dirname(file));\n', to: '' },
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
