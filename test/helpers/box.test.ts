import { readFileSync, statSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { type BoxProc, openBox, reopenBox } from './box.js';
import { ODD_NAME, startLeaderless, startOddlyNamed, startZombie, threadIdOf } from './odd-processes.js';
import { hostPidOf } from './processes.js';
import { canShiftTime, hasProgram, isolationTest, isRoot } from './requirements.js';

// The other tests rely on what these boxes claim to be, so this file checks it.

const LOOK =
  'cat /proc/self/status | grep NSpid; cat /proc/sys/kernel/random/boot_id; ls /proc/1/stat; echo end';

async function lookAround(proc: BoxProc, userNamespace: boolean): Promise<string[]> {
  const box = await openBox({ proc, userNamespace });
  const inside = await box.start(['sh', '-c', `exec 2>/dev/null; ${LOOK}`]);
  const lines: string[] = [];
  for (let line = await inside.line(); line !== 'end'; line = await inside.line()) lines.push(line);
  return lines;
}

const BOOT_ID = /^[0-9a-f-]{36}$/;

for (const userNamespace of [false, true]) {
  const more = userNamespace ? [] : [isRoot()];
  describe(userNamespace ? 'a box in a user namespace' : 'a box made by root', () => {
    isolationTest(
      'runs a process under the chosen number',
      async () => {
        const box = await openBox({ userNamespace });
        const inside = await box.start(['sh', '-c', 'echo $$; exec cat'], { pid: 7 });
        expect(await inside.line()).toBe('7');
        expect(inside.pid).toBe(7);
        expect(inside.hostPid).toBe(hostPidOf(7, box.namespaceInode));
        await inside.kill();
        const next = await box.start(['sh', '-c', 'echo $$'], { pid: 7 });
        expect(await next.line()).toBe('7');
      },
      more,
    );

    isolationTest(
      'has the /proc that was asked for',
      async () => {
        const ownNumber = expect.stringMatching(/^NSpid:\t\d+$/);
        const bootId = expect.stringMatching(BOOT_ID);
        expect(await lookAround('own', userNamespace)).toEqual([ownNumber, bootId, '/proc/1/stat']);
        expect(await lookAround('foreign', userNamespace)).toEqual([
          expect.stringMatching(/^NSpid:\t\d+\t\d+$/),
          bootId,
          '/proc/1/stat',
        ]);
        expect(await lookAround('subset-pid', userNamespace)).toEqual([ownNumber, '/proc/1/stat']);
        expect(await lookAround('none', userNamespace)).toEqual([]);
      },
      more,
    );

    isolationTest(
      'dies with its init',
      async () => {
        const box = await openBox({ userNamespace });
        const inside = await box.start(['sleep', '600'], { pid: 9 });
        await box.kill();
        expect((await inside.exited).signal).toBe('SIGKILL');
        expect(hostPidOf(9, box.namespaceInode)).toBeUndefined();
      },
      more,
    );

    for (const nanoseconds of [0, 500_000_000]) {
      isolationTest(`shifts the clock by -3 s and ${nanoseconds} ns`, async () => {
        const box = await openBox({ bootOffset: { seconds: -3, nanoseconds }, userNamespace });
        const inside = await box.start(['grep', 'boottime', '/proc/self/timens_offsets']);
        expect((await inside.line()).split(/\s+/)).toEqual(['boottime', '-3', String(nanoseconds)]);
      }, [...more, canShiftTime(), hasProgram('perl')]);
    }
  });
}

describe('a box', () => {
  isolationTest('shows a forged boot_id and its hostname', async () => {
    const box = await openBox({ bootId: '01234567-89ab-cdef-0123-456789abcdef', hostname: 'gateway' });
    const inside = await box.start(['cat', '/proc/sys/kernel/random/boot_id', '/proc/sys/kernel/hostname']);
    expect(await inside.line()).toBe('01234567-89ab-cdef-0123-456789abcdef');
    expect(await inside.line()).toBe('gateway');
  });

  isolationTest('hides its processes from other users with hidepid', async () => {
    const box = await openBox({ proc: 'hidepid' });
    const inside = await box.start(['sh', '-c', 'test -e /proc/1; echo $?; id -u'], { uid: 1000 });
    expect(await inside.line()).toBe('1');
    expect(await inside.line()).toBe('1000');
  }, [isRoot()]);

  isolationTest('runs a command as its init', async () => {
    const box = await openBox({ init: ['sh', '-c', 'echo $$; exec cat'] });
    expect(await box.init.line()).toBe('1');
  });

  isolationTest('comes again with the same namespace inode', async () => {
    const first = await openBox();
    const second = await reopenBox(first);
    expect(second.namespaceInode).toBe(first.namespaceInode);
    expect(second.init.hostPid).not.toBe(first.init.hostPid);
  });

  isolationTest('can make two processes of one number and one start tick', async () => {
    const box = await openBox();
    const inside = await box.node('twins.mjs', ['20000']);
    const pair = await inside.message<{ first: number; second: number; pid: number; comm: string } | null>();
    expect(pair).toEqual({ first: pair?.second, second: pair?.first, pid: 20000, comm: 'sleep' });
  });

  isolationTest('and this machine both can hold odd processes', async () => {
    for (const box of [undefined, await openBox()]) {
      const zombie = await startZombie(box);
      expect(stat(zombie.hostPid)).toMatch(/\) Z (\S+ ){16}1 /);
      const leaderless = await startLeaderless(box);
      expect(stat(leaderless.hostPid)).toMatch(/\) Z (\S+ ){16}2 /);
      const named = await startOddlyNamed(box);
      expect(stat(named.hostPid)).toContain(`(${ODD_NAME})`);
      const thread = threadIdOf(named.hostPid);
      expect(statSync(`/proc/${thread}/stat`).isFile()).toBe(true);
      expect(readFileSync(`/proc/${thread}/status`, 'utf8')).toContain(`Tgid:\t${named.hostPid}\n`);
    }
  }, [hasProgram('python3')]);
});

function stat(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'latin1');
}
