import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, type TestContext, test as vitestTest } from 'vitest';
import { asTest } from './cleanup.js';

/** Something that a test needs, and whether this machine has it. */
export interface Requirement {
  readonly available: boolean;
  /** Why it is not available, for people. */
  readonly reason: string;
}

type Run = (context: TestContext) => unknown;

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const met: Requirement = { available: true, reason: '' };

export function isRoot(): Requirement {
  return requirement(process.getuid?.() === 0, 'needs root');
}

/** The programs that make an ordinary user root of his own namespace. Empty for root. */
export function userNamespaceFlags(): string[] {
  return isRoot().available ? [] : ['--user', '--map-root-user'];
}

/** PID namespaces with their own /proc and a chosen next PID, for root or through a user namespace. */
export function canIsolate(): Requirement {
  return tryUnshare('PID namespaces', []);
}

/** Time namespaces (Linux 5.6). */
export function canShiftTime(): Requirement {
  return tryUnshare('time namespaces', ['--time', '--boottime=1000']);
}

export function hasProgram(name: string): Requirement {
  const { status } = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name], { stdio: 'ignore' });
  return requirement(status === 0, `needs the program ${name}`);
}

/** The files of dist/ that `npm run build` makes last; all of build/modules is made before them. */
const BUILT = ['dist/index.js', 'dist/cli/main.cjs'].map((name) => join(ROOT, name));

/** The build is that of the present src/, which matters because the processes in boxes run the build. */
export function isBuilt(): Requirement {
  const missing = BUILT.find((path) => !existsSync(path));
  if (missing !== undefined) return { available: false, reason: `${missing} is missing: npm run build` };
  const builtAt = Math.min(...BUILT.map(modifiedAt));
  for (const name of readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })) {
    const source = join(ROOT, 'src', name);
    if (name.endsWith('.ts') && modifiedAt(source) > builtAt) {
      return { available: false, reason: `${source} is newer than what was built: npm run build` };
    }
  }
  return met;
}

function modifiedAt(path: string): number {
  return statSync(path).mtimeMs;
}

/**
 * Defines a test that is skipped with the reason printed when a requirement is not met. With CI=true it fails
 * instead.
 */
export function testRequiring(
  requirements: readonly Requirement[],
  name: string,
  run: Run,
  ms?: number,
): void {
  const missing = firstMissing(requirements);
  const options = ms === undefined ? {} : { timeout: ms };
  if (missing === undefined) vitestTest(name, options, (context) => asTest(context, run));
  else skipped(name, missing);
}

/** Defines a test that needs nothing. Unlike that of vitest it may be one of a concurrent group. */
export function test(name: string, run: Run, ms?: number): void {
  testRequiring([], name, run, ms);
}

/** Does the same as {@link testRequiring} for a group of tests. */
export function describeRequiring(
  requirements: readonly Requirement[],
  name: string,
  define: () => void,
): void {
  const missing = firstMissing(requirements);
  if (missing === undefined) describe(name, define);
  else skipped(`${name} (all of it)`, missing);
}

/**
 * Does the same for a group of tests that run at the same time. They should wait most of the time, share nothing, and
 * all be defined by functions of this file.
 */
export function describeConcurrent(
  requirements: readonly Requirement[],
  name: string,
  define: () => void,
): void {
  const missing = firstMissing(requirements);
  if (missing === undefined) describe.concurrent(name, define);
  else skipped(`${name} (all of it)`, missing);
}

/** Defines a test that needs PID namespaces, and perhaps more. */
export function isolationTest(name: string, run: Run, more: readonly Requirement[] = [], ms = 60_000): void {
  testRequiring([canIsolate(), ...more], name, run, ms);
}

function skipped(name: string, reason: string): void {
  vitestTest(name, (context) => {
    if (process.env.CI === 'true') throw new Error(`must not be skipped in CI: ${reason}`);
    console.warn(`SKIPPED ${name}: ${reason}`);
    context.skip(reason);
  });
}

function firstMissing(requirements: readonly Requirement[]): string | undefined {
  return requirements.find(({ available }) => !available)?.reason;
}

function requirement(available: boolean, reason: string): Requirement {
  return available ? met : { available, reason };
}

const tried = new Map<string, Requirement>();

/**
 * Only an attempt can show it, because sysctls, seccomp, LSMs and a masked /proc each forbid it in their own
 * way.
 */
function tryUnshare(what: string, flags: readonly string[]): Requirement {
  const known = tried.get(what);
  if (known !== undefined) return known;

  const inside = 'mount -t proc proc /proc && echo 41 >/proc/sys/kernel/ns_last_pid';
  const all = [
    ...userNamespaceFlags(),
    '--pid',
    '--fork',
    '--kill-child=SIGKILL',
    '--mount',
    '--uts',
    ...flags,
  ];
  const { status, stderr, error } = spawnSync('unshare', [...all, 'sh', '-c', inside], { encoding: 'utf8' });
  const words = error?.message ?? stderr.trim().split('\n').at(-1);
  const answer = requirement(status === 0, `cannot make ${what}: ${words}`);
  tried.set(what, answer);
  return answer;
}
