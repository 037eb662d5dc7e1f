import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The package.json of a project of CommonJS modules. */
export const OF_COMMONJS = '{ "name": "project", "private": true }\n';

/** The least that npm and the scripts that it starts need: no compiler, no make, no Python. */
const PROGRAMS = ['sh', 'env', 'uname', 'sed', 'dirname', 'basename', 'readlink', 'cat'];

/** A place where real packages are unpacked, and where package managers keep their caches. */
export class Workplace {
  readonly root = mkdtempSync(join(tmpdir(), 'kernel-identity-package-'));
  /** The packed package. */
  readonly tarball: string;
  #projects = 0;

  constructor() {
    const options = ['--ignore-scripts', '--json', '--pack-destination', this.root];
    const { stdout, stderr } = spawnSync('npm', ['pack', ...options], { cwd: ROOT, encoding: 'utf8' });
    const listed: unknown = JSON.parse(stdout || 'null');
    // npm 12 prints an object with a key for each package, the older ones an array.
    const [packed] = Object.values(listed ?? {}) as { filename: string }[];
    if (packed === undefined) throw new Error(`npm pack: ${stderr}`);
    this.tarball = join(this.root, packed.filename);
    mkdirSync(join(this.root, 'home'));
    // The registry is the only setting that is taken over from the machine's user.
    const registry = spawnSync('npm', ['config', 'get', 'registry'], { cwd: this.root, encoding: 'utf8' });
    writeFileSync(join(this.root, 'home/.npmrc'), `registry=${registry.stdout.trim()}\n`);
  }

  project(): Project {
    const folder = join(this.root, `project-${++this.#projects}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{ "name": "project", "private": true, "type": "module" }\n');
    return new Project(this, folder);
  }

  /**
   * Makes a project in which npm has installed the package, with only this Node and npm on its PATH.
   * @param beside further packages that it installs.
   * @param manifest its package.json, unless it is one of ES modules.
   */
  installed(beside: readonly string[] = [], manifest?: string): Project {
    const npm = npmOf(process.execPath);
    if (npm === undefined) throw new Error('npm is no script of Node here');
    const project = this.project();
    project.equip({ node: process.execPath, programs: { npm } });
    if (manifest !== undefined) project.write('package.json', manifest);
    const { status, stderr } = project.run(['npm', 'install', ...beside, this.tarball]);
    if (status !== 0) throw new Error(`npm install: ${stderr}`);
    return project;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
  }
}

interface Tools {
  readonly node: string;
  /** Further programs, as name and path. A path that ends in .js is run by that Node. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly compiler?: boolean;
}

/** A user's project with its own PATH. */
export class Project {
  readonly folder: string;
  readonly #workplace: Workplace;
  #path = '';

  constructor(workplace: Workplace, folder: string) {
    this.#workplace = workplace;
    this.folder = folder;
  }

  /** From now on the PATH holds nothing but these. */
  equip({ node, programs = {}, compiler = false }: Tools): void {
    const bin = join(this.folder, '.tools');
    mkdirSync(bin);
    symlinkSync(node, join(bin, 'node'));
    for (const [name, path] of Object.entries(programs)) {
      if (path.endsWith('.js'))
        this.write(`.tools/${name}`, `#!/bin/sh\nexec '${node}' '${path}' "$@"\n`, 0o755);
      else symlinkSync(path, join(bin, name));
    }
    for (const name of PROGRAMS) {
      const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
      if (found !== '') symlinkSync(found, join(bin, name));
    }
    this.#path = compiler ? [bin, process.env.PATH].join(delimiter) : bin;
  }

  write(name: string, text: string, mode = 0o644): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  }

  run(command: readonly string[], env: Readonly<Record<string, string>> = {}): SpawnSyncReturns<string> {
    const [program = '', ...args] = command;
    const { root } = this.#workplace;
    return spawnSync(program.includes('/') ? program : join(this.folder, '.tools', program), args, {
      cwd: this.folder,
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      env: {
        // These variables say how to reach the registry.
        ...Object.fromEntries(
          Object.entries(process.env).filter(([name]) => /proxy|_CERT|^SSL_/i.test(name)),
        ),
        PATH: this.#path,
        HOME: join(root, 'home'),
        TMPDIR: tmpdir(),
        npm_config_cache: join(root, 'npm-cache'),
        npm_config_update_notifier: 'false',
        npm_config_audit: 'false',
        npm_config_fund: 'false',
        ...env,
      },
    });
  }
}

/** Returns the npm that belongs to a Node, as a script for it; undefined where that cannot be found out. */
export function npmOf(node: string): string | undefined {
  const script = 'const { realpathSync } = require("fs"); console.log(realpathSync(process.argv[1]))';
  const found = spawnSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).stdout.trim();
  if (found === '') return undefined;
  const { stdout } = spawnSync(node, ['-e', script, found], { encoding: 'utf8' });
  return stdout.trim().endsWith('.js') ? stdout.trim() : undefined;
}
