// Whoever changes the prebuilt files can change everything beside them as well. Here that is tried in a copy of the
// project, whose compilers are programs that only name themselves.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
// @ts-expect-error a script in plain JavaScript
import { missingHardening } from '../../scripts/prebuilds/hardened.mjs';
// @ts-expect-error a script in plain JavaScript
import { macosProblems as problemsOnMacos } from '../../scripts/prebuilds/macos.mjs';
// @ts-expect-error a script in plain JavaScript
import { sha256 } from '../../scripts/prebuilds/manifest.mjs';
// @ts-expect-error a script in plain JavaScript
import { provenBy as provenByNotes } from '../../scripts/prebuilds/proven.mjs';
// @ts-expect-error a script in plain JavaScript
import { readElf } from '../../scripts/prebuilds/read-elf.mjs';
// @ts-expect-error a script in plain JavaScript
import { FILE_NAME, ROOT, TARGETS } from '../../scripts/prebuilds/targets.mjs';
// @ts-expect-error a script in plain JavaScript
import { windowsProblems as problemsOnWindows } from '../../scripts/prebuilds/windows.mjs';
import { onCleanup } from '../helpers/cleanup.js';
import { describeRequiring, hasProgram, type Requirement, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

interface Target {
  readonly folder: string;
  readonly family: 'linux' | 'thin';
  readonly triple: string;
  readonly isSigned?: boolean;
  readonly versions: { readonly compiler: string; readonly linker: string };
}

interface Manifest {
  readonly files: Record<string, Record<string, unknown>>;
}

const targets: readonly Target[] = TARGETS;
const ofLinux = targets.filter(({ family }) => family === 'linux');
/** A change in the others is found by their signature, without compiling. */
const unsigned = targets.filter(({ isSigned }) => isSigned !== true);
type Problems = (file: string, target: unknown) => string[];
const windowsProblems: Problems = problemsOnWindows;
const macosProblems: Problems = problemsOnMacos;
const provenBy: (notes: object[], files: object, run: string) => { addons: object } = provenByNotes;
const CHECK = 'scripts/prebuilds/check.mjs';

/** Whether the files that are here belong to the sources, and all but their compilation can be checked. */
function prebuildsAreCurrent(): Requirement {
  const env = { ...process.env, CI: 'true' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, CHECK)], {
    encoding: 'utf8',
    env,
  });
  return { available: status === 0, reason: `npm run prebuilds:check: ${stderr}${stdout}` };
}

describeRequiring(
  [hasProgram('readelf'), prebuildsAreCurrent()],
  'npm run prebuilds:check -- --rebuild',
  () => {
    let copy: string;
    let programs: string;
    const inCopy = (name: string) => join(copy, name);

    beforeAll(() => {
      copy = tempDir();
      programs = inCopy('programs');
      for (const name of ['scripts', 'native', 'binding.gyp', 'package.json', 'prebuilds']) {
        cpSync(join(ROOT, name), inCopy(name), { recursive: true });
      }
      cpSync(join(ROOT, 'prebuilds'), inCopy('honest'), { recursive: true });
      const prebuildify = inCopy('node_modules/prebuildify');
      mkdirSync(prebuildify, { recursive: true });
      writeFileSync(join(prebuildify, 'package.json'), '{"type":"module"}');
      cpSync(join(ROOT, 'test/release/fixtures/prebuildify.mjs'), join(prebuildify, 'bin.js'));
      mkdirSync(programs);
      const { status, stdout } = spawnSync('sh', ['-c', 'command -v readelf'], { encoding: 'utf8' });
      if (status === 0) symlinkSync(stdout.trim(), join(programs, 'readelf'));
      for (const target of ofLinux) pretendCompiler(target);
      const zig = inCopy(`zig/node_modules/@zigc/linux-${process.arch}/bin/zig`);
      mkdirSync(dirname(zig), { recursive: true });
      cpSync(join(ROOT, 'test/release/fixtures/zig.mjs'), zig);
      chmodSync(zig, 0o755);
      // The script asks for node in the PATH.
      symlinkSync(process.execPath, join(programs, 'node'));
    });
    afterEach(() => {
      for (const name of ['scripts', 'prebuilds']) rmSync(inCopy(name), { recursive: true });
      cpSync(join(ROOT, 'scripts'), inCopy('scripts'), { recursive: true });
      cpSync(inCopy('honest'), inCopy('prebuilds'), { recursive: true });
    });

    /** Puts a compiler and its binutils into the PATH of the check; they only say what they are. */
    function pretendCompiler({ triple, versions }: Target): void {
      const says = { gcc: '', 'g++': versions.compiler, ld: versions.linker, strip: '' };
      for (const [name, version] of Object.entries(says)) {
        const file = join(programs, `${triple}-${name}`);
        writeFileSync(
          file,
          `#!/bin/sh\ncase "$1" in -dumpmachine) echo '${triple}' ;; *) echo '${version}' ;; esac\n`,
        );
        chmodSync(file, 0o755);
      }
    }

    function check(...args: string[]): { status: number | null; said: string } {
      return checkWith({ CI: 'true' }, ['--rebuild', ...args]);
    }

    function checkWith(env: Record<string, string>, args: readonly string[]) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [inCopy(CHECK), ...args], {
        encoding: 'utf8',
        env: {
          PATH: programs,
          KI_ZIG: inCopy('zig'),
          TEST_HONEST_PREBUILDS: inCopy('honest'),
          npm_config_nodedir: process.env.npm_config_nodedir,
          ...env,
        },
      });
      return { status, said: stdout + stderr };
    }

    /** Changes code in all files that are not signed, and all that the manifest says of them. */
    function tamper(also: (entry: Record<string, unknown>) => void = () => {}, root = copy): void {
      const path = join(root, 'prebuilds/manifest.json');
      const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
      for (const target of targets) {
        const name = `${target.folder}/${FILE_NAME}`;
        const entry = manifest.files[name] as Record<string, unknown>;
        if (unsigned.includes(target)) {
          const bytes = readFileSync(join(root, 'prebuilds', name));
          const at = bytes.length >> 1;
          bytes.writeUInt32LE(~bytes.readUInt32LE(at) >>> 0, at);
          writeFileSync(join(root, 'prebuilds', name), bytes);
          entry.sha256 = sha256(bytes);
        }
        also(entry);
      }
      writeFileSync(path, JSON.stringify(manifest));
    }

    const NEWER = ' (security update)';

    test('honest files pass', () => {
      expect(check()).toEqual({ status: 0, said: expect.stringContaining('the same, byte by byte') });
    });

    test('files with other code are caught, whatever their manifest says', () => {
      tamper();
      const { status, said } = check();
      expect(status).toBe(1);
      for (const { folder } of unsigned)
        expect(said).toMatch(new RegExp(`${folder}.*does not come from these sources`));
    });

    test('files with other code are caught that claim another compiler', () => {
      tamper((entry) => {
        entry.compiler += NEWER;
      });
      const { status, said } = check();
      expect(status).toBe(1);
      expect(said).toContain(`was not made with the compiler ${targets[0]?.versions.compiler}`);
    });

    test('files with other code are caught when the change asks for that compiler everywhere', () => {
      const path = inCopy('scripts/prebuilds/targets.mjs');
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/(compiler: '[^']*)'/g, `$1${NEWER}'`));
      tamper((entry) => {
        entry.compiler += NEWER;
      });
      const { status, said } = check();
      expect(status).toBe(2);
      for (const { folder } of unsigned)
        expect(said).toMatch(new RegExp(`SKIPPED ${folder}: not compiled again: the compiler must be`));
    });

    test('what could not be compiled again is no success, in CI or elsewhere', () => {
      for (const { triple } of ofLinux) rmSync(join(programs, `${triple}-g++`));
      onCleanup(() => ofLinux.forEach(pretendCompiler));
      expect(check()).toEqual({
        status: 2,
        said: expect.stringMatching(/must be .*, but there is none here/),
      });
      expect(checkWith({}, ['--rebuild']).status).toBe(2);
      expect(checkWith({}, []).status, 'when it was not asked for').toBe(0);
      ofLinux.forEach(pretendCompiler);
      const noZig = checkWith({ KI_ZIG: inCopy('nowhere') }, ['--rebuild']);
      expect(noZig).toEqual({ status: 2, said: expect.stringMatching(/SKIPPED win32-x64: .*none here/) });
      const broken = checkWith({ TEST_HONEST_PREBUILDS: inCopy('nowhere') }, ['--rebuild']);
      expect(broken).toEqual({ status: 2, said: expect.stringMatching(/not compiled again: .* failed/) });
    });

    test('flags of the manifest that are not those of the compilation are caught', () => {
      const path = inCopy('prebuilds/manifest.json');
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll('-fstack-protector-strong ', ''));
      expect(check()).toEqual({ status: 1, said: expect.stringContaining('is not what the manifest says') });
    });

    test('addons that were not tested on their system are not called proven', () => {
      const proven = (machine: string, sha256: unknown) =>
        writeFileSync(inCopy('prebuilds/PROVEN.json'), JSON.stringify({ addons: { [machine]: { sha256 } } }));
      const { files } = JSON.parse(readFileSync(inCopy('prebuilds/manifest.json'), 'utf8')) as Manifest;
      const honest = files['win32-x64/kernel-identity.node']?.sha256;
      proven('win32-x64', honest);
      expect(checkWith({}, []).status).toBe(0);
      for (const [machine, sha256] of [
        ['win32-x64', 'a'],
        ['win32-arm64', honest],
        ['linux-x64', honest],
        ['x', undefined],
      ]) {
        proven(machine as string, sha256);
        const { status, said } = checkWith({}, []);
        expect([status, said]).toEqual([1, expect.stringContaining('PROVEN.json: names another file')]);
      }
    });

    test('nothing else lies there', () => {
      writeFileSync(inCopy('prebuilds/linux-x64/a.node'), '');
      const file = inCopy('prebuilds/linux-arm64/kernel-identity.node');
      rmSync(file);
      symlinkSync(inCopy('honest/linux-arm64/kernel-identity.node'), file);
      const { status, said } = check();
      expect(status).toBe(1);
      for (const name of ['linux-x64/a.node', 'linux-arm64/kernel-identity.node']) {
        expect(said).toContain(`${JSON.stringify(name)}: does not belong here`);
      }
    });

    test('the files of an installed package are compared with these sources', () => {
      const installed = join(tempDir(), 'node_modules/kernel-identity');
      cpSync(inCopy('honest'), join(installed, 'prebuilds'), { recursive: true });
      expect(check(installed).status).toBe(0);
      tamper(undefined, installed);
      expect(check(installed)).toEqual({
        status: 1,
        said: expect.stringContaining('does not come from these'),
      });
      writeFileSync(join(installed, 'prebuilds/manifest.json'), '[null, "\\u001b[31m"');
      expect(check(installed)).toEqual({
        status: 1,
        said: expect.stringContaining('is not the file of the manifest'),
      });
      expect(check(join(installed, 'no such folder'))).toEqual({
        status: 1,
        said: expect.stringContaining('cannot be read'),
      });
      expect(readdirSync(inCopy('prebuilds'))).toEqual(readdirSync(inCopy('honest')));
    });

    test('an installed package has no other addon, which it would load in place of these files', () => {
      const installed = join(tempDir(), 'node_modules/kernel-identity');
      cpSync(inCopy('honest'), join(installed, 'prebuilds'), { recursive: true });
      const beside = 'dist/prebuilds/linux-x64';
      for (const folder of ['build/Release', beside]) mkdirSync(join(installed, folder), { recursive: true });
      expect(check(installed).status).toBe(0);
      writeFileSync(join(installed, 'build/Release/kernel_identity.node'), '');
      writeFileSync(join(installed, beside, FILE_NAME), '');
      symlinkSync(programs, join(installed, 'dist/build'));
      const { status, said } = check(installed);
      expect(status).toBe(1);
      for (const name of ['build/Release/kernel_identity.node', `${beside}/${FILE_NAME}`, 'dist/build']) {
        expect(said).toContain(`${JSON.stringify(name)}: may be loaded in place of these files`);
      }
    });
  },
);

describe('PROVEN.json', () => {
  const files = {
    'win32-x64/kernel-identity.node': { sha256: 'a' },
    'darwin-x64/kernel-identity.node': { sha256: 'b' },
  };
  const note = (machine: string, hash: string, node: string) => ({
    machine,
    sha256: hash,
    node,
    system: 's',
  });
  const all = (machine: string, hash: string) =>
    ['20.1.0', '22.1.0', '24.1.0'].map((node) => note(machine, hash, node));
  const namedBy = (...notes: object[]) => Object.keys(provenBy(notes, files, '7').addons);

  test('names an addon that every version of Node has tested', () => {
    expect(provenBy(all('win32-x64', 'a'), files, '7').addons).toEqual({
      'win32-x64': { sha256: 'a', nodes: ['20.1.0', '22.1.0', '24.1.0'], systems: ['s'], run: '7' },
    });
    expect(namedBy(...all('win32-x64', 'a'), ...all('darwin-x64', 'b'))).toEqual(['win32-x64', 'darwin-x64']);
  });

  test('names none that one of them has not, nor another file, nor one of Linux', () => {
    expect(namedBy(...all('win32-x64', 'a').slice(1))).toEqual([]);
    expect(namedBy(...all('win32-x64', 'a').slice(1), note('win32-x64', 'b', '20.1.0'))).toEqual([]);
    expect(namedBy(...all('win32-x64', 'b'), ...all('win32-arm64', 'a'), ...all('linux-x64', 'a'))).toEqual(
      [],
    );
  });
});

describe('what a loader must know of an addon', () => {
  const copyOf = (machine: string, change: (bytes: Buffer) => Buffer | undefined): string => {
    const bytes = readFileSync(join(ROOT, 'prebuilds', machine, FILE_NAME));
    const path = join(tempDir(), FILE_NAME);
    writeFileSync(path, change(bytes) ?? bytes);
    return path;
  };
  const targetOf = (machine: string) => targets.find(({ folder }) => folder === machine);
  const replaced = (from: string, to: string) => (bytes: Buffer) =>
    void bytes.write(to, bytes.indexOf(from), 'latin1');

  test.each<[string, (bytes: Buffer) => Buffer | undefined, RegExp]>([
    ['the program that it is for', replaced('KERNEL32.dll', 'node.exe\0\0\0\0'), /needs node\.exe/],
    [
      'a function',
      replaced('napi_register_module_v1', 'napi_register_module_v2'),
      /does not export napi_register/,
    ],
    ['its end', (bytes) => bytes.subarray(0, bytes.length - 600), /cannot be read: .*cut off/],
    ['its format', (bytes) => Buffer.from(`MZ${'x'.repeat(bytes.length)}`), /cannot be read/],
  ])('Windows: %s is missed', (_what, change, problem) => {
    for (const machine of ['win32-x64', 'win32-arm64']) {
      expect(windowsProblems(copyOf(machine, change), targetOf(machine)).join('; ')).toMatch(problem);
    }
    expect(
      windowsProblems(
        copyOf('win32-x64', () => undefined),
        targetOf('win32-arm64'),
      ),
    ).not.toEqual([]);
  });

  test.each<[string, (bytes: Buffer) => Buffer | undefined, RegExp]>([
    [
      'the library',
      replaced('/usr/lib/libSystem.B.dylib', '/usr/lib/libSystem.C.dylib'),
      /needs \/usr\/lib\/libSystem\.C/,
    ],
    ['its end', (bytes) => bytes.subarray(0, bytes.length - 600), /cannot be read: .*cut off/],
    ['its format', (bytes) => Buffer.from('x'.repeat(bytes.length)), /cannot be read/],
  ])('macOS: %s is missed', (_what, change, problem) => {
    for (const machine of ['darwin-x64', 'darwin-arm64']) {
      expect(macosProblems(copyOf(machine, change), targetOf(machine)).join('; ')).toMatch(problem);
    }
  });

  test('macOS: code that is not what was signed is found, and so is a missing signature', () => {
    const changed = copyOf('darwin-arm64', replaced('ERR_OUT_OF_RANGE', 'ERR_OUT_OF_ORDER'));
    expect(macosProblems(changed, targetOf('darwin-arm64'))).toEqual([expect.stringMatching(/^has 1 pages/)]);
    const unsigned = { ...targetOf('darwin-x64'), isSigned: true };
    expect(
      macosProblems(
        copyOf('darwin-x64', () => undefined),
        unsigned,
      ),
    ).toEqual(['has no signature']);
  });
});

testRequiring([hasProgram('cc'), hasProgram('readelf')], 'a library without hardening is found', () => {
  // Like the addon, it has the function that checks a buffer, whether or not it is called.
  const source = `#include <stdio.h>
    int __snprintf_chk(char *to, unsigned long size, int flag, unsigned long room, const char *format, ...) { return 0; }
    int greet(char *to, int n) { char a[9]; snprintf(a, n, "%d", n); return puts(a) + *to; }`;
  const library = (...options: string[]): unknown => {
    const path = join(tempDir(), 'library.so');
    const { status, stderr } = spawnSync(
      'cc',
      ['-shared', '-fPIC', '-O2', '-w', '-x', 'c', '-o', path, '-', ...options],
      {
        input: source,
        encoding: 'utf8',
      },
    );
    if (status !== 0) throw new Error(stderr);
    return readElf(path);
  };
  const hardened = [
    '-fstack-protector-strong',
    '-U_FORTIFY_SOURCE',
    '-D_FORTIFY_SOURCE=2',
    '-Wl,-z,relro,-z,now',
  ];
  expect(missingHardening(library(...hardened))).toEqual([]);
  const missing = (...options: string[]) => missingHardening(library(...hardened, ...options)).join();
  expect(missing('-fno-stack-protector')).toMatch(/^has no stack protector[^,]*$/);
  expect(missing('-U_FORTIFY_SOURCE')).toMatch(/^checks no buffers[^,]*$/);
  expect(missing('-Wl,-z,lazy')).toMatch(/^has a table of addresses[^,]*$/);
  expect(missing('-Wl,-z,norelro')).toMatch(/^has a table of addresses[^,]*$/);
  expect(missing('-Wl,-z,execstack')).toMatch(/^can run code on the stack[^,]*$/);
});
