// Checks the contract under every runtime that loads the addon: the program contract.mjs, with the package as
// installed.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { hasProgram, isBuilt, type Requirement, testRequiring } from '../helpers/requirements.js';
import { makeMuslNode, muslNeeds } from './musl.js';
import { type Project, ROOT, Workplace } from './project.js';
import { NODES, tool } from './tools.js';

const QEMU = 'qemu-aarch64-static';
const LIBRARIES = '/usr/aarch64-linux-gnu';
const hasLibraries: Requirement = {
  available: existsSync(join(LIBRARIES, 'lib/libstdc++.so.6')),
  reason: `needs ${LIBRARIES}: apt-get install g++-aarch64-linux-gnu`,
};

interface Runtime {
  readonly name: string;
  readonly needs: readonly Requirement[];
  readonly command: readonly string[];
}

const deno = tool('deno');
const bun = tool('bun');
const arm64 = tool('node-arm64');
const RUNTIMES: readonly Runtime[] = [
  ...NODES.map((name) => ({ name, needs: [tool(name)], command: [tool(name).path] })),
  { name: 'bun', needs: [bun], command: [bun.path] },
  { name: 'deno', needs: [deno], command: [deno.path, 'run', '--allow-all'] },
  {
    name: 'node-arm64, emulated',
    needs: [arm64, hasProgram(QEMU), hasLibraries],
    command: [QEMU, '-L', LIBRARIES, arm64.path],
  },
];

describe('the contract', () => {
  let workplace: Workplace;
  let project: Project;
  beforeAll(() => {
    workplace = new Workplace();
    project = workplace.installed();
    for (const name of ['contract.mjs', 'contract-owner.mjs']) {
      copyFileSync(join(ROOT, 'test/package/fixtures', name), join(project.folder, name));
    }
  });
  afterAll(() => workplace?.remove());

  function expectContract(command: readonly string[], backend: string, env = {}): void {
    const [program = '', ...args] = command;
    const { stdout, stderr } = spawnSync(
      program,
      [...args, join(project.folder, 'contract.mjs'), backend, ...command],
      {
        cwd: project.folder,
        encoding: 'utf8',
        env: { ...process.env, KERNEL_IDENTITY_BACKEND: backend === 'procfs' ? backend : '', ...env },
      },
    );
    expect(stdout).toMatch(/^\d+ passed, 0 failed$/m);
    expect(stderr).toBe('');
  }

  for (const backend of ['native', 'procfs']) {
    for (const { name, needs, command } of RUNTIMES) {
      testRequiring([isBuilt(), ...needs], `is kept by the ${backend} backend under ${name}`, () => {
        expectContract(command, backend);
      });
    }
    testRequiring([isBuilt(), ...muslNeeds], `is kept by the ${backend} backend under a Node on musl`, () => {
      const { path, env } = makeMuslNode(join(workplace.root, `musl-${backend}`));
      expectContract([path], backend, env);
    });
  }
});

describe('the contract suite of test/backend, with the prebuilt addon', () => {
  // Neither runtime starts at all without /proc, which two of the tests take away.
  const startable = ['-t', '^(?!.*does not guess where there is no /proc)'];
  for (const [name, runtime, command] of [
    ['bun', bun, [bun.path, '--bun']],
    ['deno', deno, [deno.path, 'run', '--allow-all']],
  ] as const) {
    testRequiring([isBuilt(), runtime], `passes under ${name}`, () => {
      const [program, ...options] = command;
      const args = ['node_modules/vitest/vitest.mjs', 'run', 'test/backend/contract.test.ts', ...startable];
      const { stdout, stderr } = spawnSync(program, [...options, ...args, '--no-color'], {
        cwd: ROOT,
        encoding: 'utf8',
        env: { ...process.env, PREBUILDS_ONLY: '1' },
      });
      expect(stdout, stderr).toMatch(/^[1-9]\d* passed, 0 failed/m);
    });
  }
});
