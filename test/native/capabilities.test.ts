import { expect, test } from 'vitest';
// @ts-expect-error: a script without types
import { nativeSourceHash } from '../../scripts/native-source-hash.mjs';
import { loadNativeBackend } from '../../src/backend/native.js';
import { describeRequiring } from '../helpers/requirements.js';
import { addon, built, openDescriptors } from './addon.js';

describeRequiring([built], 'capabilities of the addon', () => {
  test('each is probed, with a reason for a person, and leaves nothing open', () => {
    const before = openDescriptors();
    const capabilities = addon.capabilities();
    addon.lossEvents();
    expect(openDescriptors()).toBe(before);
    expect(Object.keys(capabilities)).toEqual([
      'pidfd',
      'pidfdInode',
      'namespaceId',
      'takeWitness',
      'testWitness',
      'lifeline',
      'renameNoReplace',
    ]);
    for (const { available, reason } of [...Object.values(capabilities), addon.lossEvents()]) {
      expect(available).toBeTypeOf('boolean');
      expect(reason).toMatch(/\w+ \w+/);
    }
  });

  test('they agree with what the calls do', () => {
    const { pidfd, pidfdInode, namespaceId } = addon.capabilities();
    const fd = addon.processes.openPidfd(process.pid);
    expect(typeof fd === 'number').toBe(pidfd.available);
    if (typeof fd === 'number') {
      expect(addon.processes.pidfdInode(fd) !== null).toBe(pidfdInode.available);
      addon.files.close(fd);
    }
    expect(addon.processes.pidNamespace()?.id != null).toBe(namespaceId.available);
  });

  test('the backend hands out the functions of the addon themselves', () => {
    const backend = loadNativeBackend();
    expect(backend.name).toBe('native');
    expect(backend.processes.stat).toBe(addon.processes.stat);
    expect(backend.files.close).toBe(addon.files.close);
    expect(backend.witness.test).toBe(addon.witness.test);
    expect(backend.capabilities()).toEqual({ ...addon.capabilities(), lossEvents: addon.lossEvents() });
    expect(backend.capabilities()).toBe(backend.capabilities());
  });

  test('the binary was built from the sources that are here', () => {
    // Otherwise all these tests would test another addon: an old local build, or prebuilds that were not made anew.
    const anew = 'npm run build, and where there is no compiler, npm run prebuilds on a machine that has one';
    expect(addon.sourceHash, anew).toBe(nativeSourceHash());
  });
});
