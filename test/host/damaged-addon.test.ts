import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { hasBackend } from '../helpers/backends.js';
import { hasProgram, isBuilt, type Requirement, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { runHost, WORKING_LOCK } from './host.js';
import { ADDON, installInto } from './install.js';

const OTHER = process.arch === 'arm64' ? 'x64' : 'arm64';
const OF_ANOTHER_MACHINE = fileURLToPath(
  new URL(`../../prebuilds/linux-${OTHER}/kernel-identity.node`, import.meta.url),
);

interface Damage {
  /** Makes a file at the path of the addon, or none. */
  readonly addon: (path: string) => void;
  /** The text of the reason for the fallback. */
  readonly says: RegExp;
  readonly needs?: readonly Requirement[];
}

/** Compiles a library with that content, for this machine. */
function compiled(source: string, ...options: string[]): (path: string) => void {
  return (path) => {
    const args = ['-shared', '-fPIC', '-x', 'c', '-o', path, ...options, '-'];
    const { status, stderr } = spawnSync('cc', args, { input: source, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
}

const needs = [hasProgram('cc')];

const DAMAGES: Record<string, Damage | null> = {
  missing: null,
  empty: { addon: (path) => writeFileSync(path, ''), says: /file too short/ },
  'cut off': {
    addon: (path) => writeFileSync(path, readFileSync(ADDON).subarray(0, 5000)),
    says: /cut off after 5000 of \d+ bytes/,
  },
  'cut off by one byte': {
    addon: (path) => writeFileSync(path, readFileSync(ADDON).subarray(0, -1)),
    says: /cut off after \d+ of \d+ bytes/,
  },
  'no library at all': { addon: (path) => writeFileSync(path, 'x'.repeat(5000)), says: /invalid ELF header/ },
  'of another architecture': {
    addon: (path) => writeFileSync(path, readFileSync(OF_ANOTHER_MACHINE)),
    says: /cannot open shared object file|wrong ELF class|invalid ELF|Exec format/,
  },
  'no addon but another library': {
    addon: compiled('int answer(void) { return 42; }'),
    says: /self-register/,
    needs,
  },
  'an addon for a Node that is yet to come': {
    // struct node_module of node.h: its first field is NODE_MODULE_VERSION.
    addon: compiled(
      `static void init(void) {}
       static struct { int version; unsigned flags; void *handle; const char *file; void *init, *context; const char *name;
         void *data, *next; } module = {999, 0, 0, "", init, 0, "kernel_identity", 0, 0};
       extern void node_module_register(void *);
       static __attribute__((constructor)) void announce(void) { node_module_register(&module); }`,
    ),
    says: /NODE_MODULE_VERSION 999/,
    needs,
  },
  'linked against a function that this C library lacks': {
    addon: compiled(
      `extern int of_a_newer_libc(void);
       void *napi_register_module_v1(void *env, void *exports) { of_a_newer_libc(); return exports; }`,
      '-Wl,-z,now',
    ),
    says: /undefined symbol: of_a_newer_libc/,
    needs,
  },
};

describe('an addon that is', () => {
  for (const [what, damage] of Object.entries(DAMAGES)) {
    const requirements = [isBuilt(), hasBackend('procfs'), hasBackend('native'), ...(damage?.needs ?? [])];
    testRequiring(
      requirements,
      `${what}: plain Node serves, and says why; asked for by name it is an error`,
      () => {
        let file: string | null = null;
        if (damage !== null) {
          file = join(tempDir(), 'damaged.node');
          damage.addon(file);
        }
        const { entry } = installInto(tempDir(), file);
        const says = damage?.says ?? /no such file: .*prebuilds/;

        const { backend, capabilities, lock } = runHost(entry);
        expect(backend).toEqual({ name: 'procfs', reason: expect.stringMatching(says) });
        expect(backend.reason).toMatch(/^native backend: the native addon does not load: /);
        expect(capabilities?.pidfd).toMatchObject({ available: false });
        expect(lock).toEqual(WORKING_LOCK);

        const forced = runHost(entry, { backend: 'native' });
        expect(forced.backend).toEqual({ name: null, reason: expect.stringMatching(says) });
        const loud = {
          code: 'ERR_BACKEND_UNAVAILABLE',
          message: expect.stringMatching(/Reinstall the package/),
        };
        expect(forced.self).toMatchObject(loud);
        expect(forced.lock).toMatchObject(loud);
      },
    );
  }

  testRequiring(
    [isBuilt(), hasBackend('native')],
    'whole loads from where an installed package has it',
    () => {
      const { entry } = installInto();
      expect(runHost(entry)).toMatchObject({
        backend: { name: 'native', reason: 'the addon loaded' },
        lock: WORKING_LOCK,
      });
    },
  );
});
