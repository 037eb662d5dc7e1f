// Runs every package manager under every Node, with and without a compiler: each is silent, and the addon
// loads.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { isBuilt, type Requirement, testRequiring } from '../helpers/requirements.js';
import { type Project, Workplace } from './project.js';
import { NODES, type Tool, tool } from './tools.js';

interface Manager {
  readonly name: string;
  /** The name in the toolbox, and on the PATH of the project. */
  readonly tool: string;
  readonly program: string;
  readonly install: (tarball: string) => string[];
  /** The Nodes under which it runs. */
  readonly nodes: readonly string[];
}

const MANAGERS: readonly Manager[] = [
  {
    name: 'npm 11',
    tool: 'npm-11',
    program: 'npm',
    install: (path) => ['npm', 'install', path],
    nodes: NODES,
  },
  {
    name: 'npm 12',
    tool: 'npm-12',
    program: 'npm',
    install: (path) => ['npm', 'install', path],
    nodes: NODES.filter((node) => node !== 'node-20'),
  },
  { name: 'pnpm', tool: 'pnpm', program: 'pnpm', install: (path) => ['pnpm', 'add', path], nodes: NODES },
  { name: 'bun', tool: 'bun', program: 'bun', install: (path) => ['bun', 'add', path], nodes: NODES },
];

/** Words that no user wants to read. */
const COMPLAINT = /warn|deprecat|blocked|ignored|error|gyp|install script/i;

const BACKEND =
  "import { dumpDiagnostics } from 'kernel-identity'; console.log(dumpDiagnostics().backend.name)";

const rows: string[] = [];
let workplace: Workplace;
beforeAll(() => {
  workplace = new Workplace();
});
afterAll(() => {
  workplace?.remove();
  const head = ['| tool | Node | compiler | seconds | warnings | backend |', '|---|---|---|---|---|---|'];
  console.log([...head, ...rows].join('\n'));
});

describe.each(MANAGERS)('$name', (manager) => {
  const program = tool(manager.tool);
  for (const name of manager.nodes) {
    const node = tool(name);
    for (const compiler of [false, true]) {
      const title = `under ${name}, ${compiler ? 'with' : 'without'} a compiler`;
      testRequiring([isBuilt(), program, node], title, () => {
        // The first installation fills the manager's cache, so that the second one measures the installation
        // and not the network.
        install(manager, program, node, compiler);
        const { project, seconds, output } = install(manager, program, node, compiler);
        expect(output).not.toMatch(COMPLAINT);
        expect(existsSync(join(project.folder, 'node_modules/kernel-identity/build'))).toBe(false);
        const backend = project.run(['node', '--input-type=module', '--eval', BACKEND]);
        expect({ stdout: backend.stdout, stderr: backend.stderr }).toEqual({
          stdout: 'native\n',
          stderr: '',
        });
        const version = project.run(['node', '--version']).stdout.trim();
        const found = [version, compiler ? 'yes' : 'no', seconds.toFixed(1), '0', backend.stdout.trim()];
        rows.push(`| ${manager.name} | ${found.join(' | ')} |`);
      });
    }
  }
});

function install(manager: Manager, program: Tool, node: Tool, compiler: boolean) {
  const project = workplace.project();
  project.equip({ node: node.path, programs: { [manager.program]: program.path }, compiler });
  const started = performance.now();
  const { status, stdout, stderr, error } = project.run(manager.install(workplace.tarball));
  const seconds = (performance.now() - started) / 1000;
  const output = `${stdout}${stderr}${error?.message ?? ''}`;
  if (status !== 0) throw new Error(output);
  return { project, seconds, output };
}

describe('the command', () => {
  const npm = tool('npm-11');
  const npx: Tool = { ...npm, path: npm.path.replace('npm-cli.js', 'npx-cli.js') };
  const open = (node: Tool): Project => {
    const project = workplace.project();
    project.equip({ node: node.path, programs: { npm: npm.path, npx: npx.path } });
    return project;
  };

  for (const name of NODES) {
    const node = tool(name);
    const requirements: Requirement[] = [isBuilt(), npm, node];
    testRequiring(requirements, `runs through npx under ${name}, installed for it alone`, () => {
      const project = open(node);
      const from = `--package=${workplace.tarball}`;
      const { stdout, stderr, status } = project.run([
        'npx',
        '--yes',
        from,
        'kernel-identity',
        'self',
        '--json',
      ]);
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      expect(JSON.parse(stdout)).toMatchObject({ platform: 'linux' });
    });

    testRequiring(
      requirements,
      `runs when it is installed for everybody under ${name}, with its man page`,
      () => {
        const project = open(node);
        const prefix = join(project.folder, 'prefix');
        const { stdout, stderr } = project.run([
          'npm',
          'install',
          '-g',
          `--prefix=${prefix}`,
          workplace.tarball,
        ]);
        expect(stderr).toBe('');
        expect(stdout).toMatch(/^\s*added 1 package in \S+\s*$/);
        const dump = project.run([join(prefix, 'bin/kernel-identity'), 'dump', '--json']);
        expect(JSON.parse(dump.stdout).backend.name).toBe('native');
        expect(existsSync(join(prefix, 'share/man/man1/kernel-identity.1'))).toBe(true);
      },
    );
  }
});
