import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as built from '../../dist/index.js';
import * as own from '../../src/index.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';

const FIXTURE = fileURLToPath(new URL('fixtures/etcd-entry.cjs', import.meta.url));
const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

describe('kernel-identity/etcd', () => {
  for (const way of ['import', 'require']) {
    for (const first of ['etcd', 'library']) {
      testRequiring([isBuilt()], `has errors that are those of the library: ${way}, ${first} first`, () => {
        const args = [FIXTURE, DIST, way, first];
        const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
        expect(stderr).toBe('');
        const { files, ...seen } = JSON.parse(stdout);
        expect(seen).toEqual({
          code: 'ERR_ENGINE_UNAVAILABLE',
          of: ['EngineUnavailableError', 'KernelIdentityError'],
        });
        // Each file that is not needed yet would be milliseconds of every start.
        const before = first === 'library' ? ['index.cjs'] : [];
        expect(files.atImport).toEqual([...before, 'etcd.cjs']);
        expect(files.atCall.filter((name: string) => !name.endsWith('.node'))).toEqual([
          ...before,
          'etcd.cjs',
          'etcd-locks.cjs',
        ]);
      });
    }
  }
});

describe('an error of another copy of this package', () => {
  type AnyClass = abstract new (...given: never[]) => Error;
  const classesOf = (copy: object) =>
    Object.entries(copy).filter(([name]) => /Error$/.test(name)) as [string, AnyClass][];
  const [others, ours] = [new Map(classesOf(built)), classesOf(own)];

  /** An error of a class, without what its constructor would do. */
  const made = (code: unknown, { prototype }: AnyClass) =>
    Object.assign(Object.create(prototype) as Error, { code });
  const codeOf = (errors: AnyClass) => (errors as { readonly code?: unknown }).code;

  test('is of the class with its code, of the base class, and of no other', () => {
    expect(ours).toHaveLength(others.size);
    expect(ours.length).toBeGreaterThan(10);
    for (const [name, errors] of ours) {
      const other = others.get(name) as AnyClass;
      expect(other).not.toBe(errors);
      const error = made(codeOf(other), other);
      const of = ours.filter(([, one]) => error instanceof one).map(([one]) => one);
      expect(new Set(of)).toEqual(new Set([name, 'KernelIdentityError']));
    }
  });

  test('is not of a class that a program derived', () => {
    class Derived extends own.LockLostError {}
    class Bare extends (own.KernelIdentityError as unknown as new () => Error) {}
    const error = made('ERR_LOCK_LOST', built.LockLostError);
    expect([error instanceof Derived, error instanceof Bare]).toEqual([false, false]);
    expect(made(undefined, built.KernelIdentityError) instanceof Bare).toBe(false);
    const derived = new Derived('/a.lock', 'by a test');
    expect([Derived, own.LockLostError, built.LockLostError].map((one) => derived instanceof one)).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('is no error with the same code that another program made', () => {
    const stranger = Object.assign(new Error('lost'), { code: 'ERR_LOCK_LOST' });
    for (const value of [stranger, { code: 'ERR_LOCK_LOST' }, 'ERR_LOCK_LOST', null, undefined, 0]) {
      expect([value instanceof own.LockLostError, value instanceof own.KernelIdentityError]).toEqual([
        false,
        false,
      ]);
    }
  });
});
