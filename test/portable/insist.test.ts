import { expect, test } from 'vitest';
import { insist } from '../../src/backend/portable/insist.js';
import { systemError } from '../../src/backend/system-error.js';

/** Makes a call that fails `times` times with that code, then returns `done`. Counts the calls. */
function failing(times: number, code: string) {
  const call = () => {
    call.count += 1;
    if (call.count <= times) throw systemError(code, 'rename');
    return 'done';
  };
  call.count = 0;
  return call;
}

for (const code of ['EPERM', 'EACCES', 'EBUSY']) {
  test(`on Windows ${code} is given some time to pass`, () => {
    const call = failing(3, code);
    expect(insist('win32', call)).toBe('done');
    expect(call.count).toBe(4);
  });

  test(`on Windows ${code} that does not pass is thrown in the end`, () => {
    const call = failing(1000, code);
    const started = performance.now();
    expect(() => insist('win32', call)).toThrow(code);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test(`elsewhere ${code} means what it says`, () => {
    const call = failing(1, code);
    expect(() => insist('darwin', call)).toThrow(code);
    expect(call.count).toBe(1);
  });
}

test('an error about the file itself is thrown at once', () => {
  for (const code of ['ENOENT', 'EEXIST', 'ENOTEMPTY']) {
    const call = failing(1, code);
    expect(() => insist('win32', call)).toThrow(code);
    expect(call.count).toBe(1);
  }
});
