import { userInfo } from 'node:os';
import { expect, test, vi } from 'vitest';
import { heldBytes } from '../../src/backend/procfs/lifeline.js';
import { hasBackend } from '../helpers/backends.js';
import { type Box, openBox } from '../helpers/box.js';
import { describeForBackends, type Package } from '../helpers/package.js';
import { fixture, startProcess, type TestProcess } from '../helpers/processes.js';
import { hasProgram, isBuilt, isolationTest, isRoot, testRequiring } from '../helpers/requirements.js';

type Listing = ReturnType<Package['listLifelines']>;

const NEEDS = [isBuilt(), hasBackend('native')];
const env = { KERNEL_IDENTITY_BACKEND: 'native' };

/** An offset that no process has drawn: other tests hold lifelines of their own at the same time. */
const OFFSET = String(2n ** 59n + BigInt(process.pid));

function holdersIn(listing: Listing, lifeline: string) {
  return listing.lifelines.find((listed) => listed.lifeline === lifeline)?.holders;
}

/** A process that lists lifelines, and its own. */
async function listing(start: () => Promise<TestProcess>) {
  const lister = await start();
  const own = await lister.message<string>();
  const list = (options = {}) => {
    lister.send(options);
    return lister.message<Listing>();
  };
  return { lister, own, list };
}

function inBox(box: Box) {
  return listing(() => box.node('list-lifelines.mjs', [], { env }));
}

describeForBackends(['native'], 'the list of lifelines', (api) => {
  test('has the own one, held by this process', () => {
    const own = api.selfIdentity().lifeline as string;
    const all = api.listLifelines();
    expect(holdersIn(all, own)).toEqual([
      {
        pid: process.pid,
        self: true,
        command: expect.stringMatching(/\S/),
        user: userInfo().username,
        startedAt: expect.closeTo(performance.timeOrigin, -4),
        containerId: api.selfIdentity().containerId,
        kernelThread: false,
      },
    ]);
    expect(all.spaces).toContain('time');
    expect(all.truncated).toBe(false);
  });

  testRequiring(NEEDS, 'has that of another process with its pid and name, until it ends', async () => {
    const other = await startProcess([process.execPath, fixture('print-identity.mjs')], { env });
    const { lifeline = '' } = await other.message<{ lifeline: string }>();
    expect(holdersIn(api.listLifelines(), lifeline)).toMatchObject([
      { pid: other.pid, self: false, command: expect.stringContaining('print-identity.mjs') },
    ]);
    await other.kill();
    expect(holdersIn(api.listLifelines(), lifeline)).toBeUndefined();
  });

  testRequiring(
    [...NEEDS, hasProgram('python3')],
    'names every process that shares the description, and each of them once',
    async () => {
      const parent = await startProcess(['python3', fixture('shared-description.py'), OFFSET]);
      const pids = await parent.message<number[]>();
      const holders = holdersIn(api.listLifelines(), `time:${OFFSET}`) ?? [];
      expect(holders.map(({ pid }) => pid)).toEqual([...pids].sort((a, b) => a - b));
    },
  );

  isolationTest(
    'has those of containers: from the host with their holders, from a sibling with none that it could see',
    async () => {
      const [owner, sibling] = await Promise.all([openBox({ env }), openBox({ env })]);
      const there = await inBox(owner);
      const here = await inBox(sibling);
      expect(holdersIn(api.listLifelines(), there.own)).toMatchObject([
        { pid: there.lister.hostPid, self: false },
      ]);
      const seen = await here.list();
      expect(holdersIn(seen, there.own)).toEqual([]);
      expect(holdersIn(seen, here.own)).toMatchObject([{ pid: here.lister.pid, self: true }]);
      // What can be named comes first.
      const named = seen.lifelines.map(({ holders }) => holders.length > 0);
      expect(named).toEqual([...named].sort((a, b) => Number(b) - Number(a)));
    },
    NEEDS,
  );

  isolationTest(
    'gives nobody a number of a foreign /proc, where it stands for another process',
    async () => {
      const box = await openBox({ proc: 'foreign', env });
      const { lister, own, list } = await inBox(box);
      const seen = await list();
      expect(holdersIn(seen, own)).toMatchObject([{ pid: lister.pid, self: true }]);
      const outside = api.selfIdentity().lifeline as string;
      expect(holdersIn(seen, outside)).toEqual([]);
    },
    NEEDS,
  );

  isolationTest('has the lifelines of processes whose descriptors may not be read, without a holder', async () => {
    const box = await openBox({ env });
    const root = await inBox(box);
    const user = await listing(() => box.node('list-lifelines.mjs', [], { env, uid: 1000 }));
    expect(holdersIn(await user.list(), root.own)).toEqual([]);
    expect(holdersIn(await root.list(), user.own)).toMatchObject([{ pid: user.lister.pid }]);
  }, [...NEEDS, isRoot()]);

  testRequiring(
    NEEDS,
    'ends at its limit and says so, and a list of exactly that many is whole',
    async () => {
      const own = api.selfIdentity();
      const other = await startProcess([process.execPath, fixture('print-identity.mjs')], { env });
      await other.message();
      const cut = api.listLifelines({ limit: 1 });
      expect(cut).toMatchObject({ truncated: true });
      expect(cut.lifelines).toHaveLength(1);

      const found = [own.lifeline as string];
      const spaces = ['time', 'user'];
      const answer = { spaces, found, truncated: false, obscured: false };
      const list = vi.spyOn(api.backend.lifeline, 'list').mockReturnValue(answer);
      expect(api.listLifelines({ limit: 1 })).toMatchObject({ truncated: false });
      expect(list).toHaveBeenCalledWith(2);
      list.mockReturnValue({ ...answer, truncated: true });
      expect(api.listLifelines({ limit: 9 })).toMatchObject({ truncated: true });
      // Each space has lifelines up to the limit, so that both together can have more.
      list.mockReturnValue({ ...answer, found: [...found, 'user:1'] });
      expect(api.listLifelines({ limit: 1 })).toMatchObject({ truncated: true, lifelines: [{}] });
      // One that became free while the holders were searched is not one of an invisible process.
      list.mockReturnValue({ ...answer, found: [...found, `time:${OFFSET}`] });
      expect(api.listLifelines().lifelines.map(({ lifeline }) => lifeline)).toEqual(found);
      list.mockReturnValue(null);
      expect(() => api.listLifelines()).toThrow(
        expect.objectContaining({ code: 'ERR_LIFELINE_UNAVAILABLE' }),
      );
      list.mockRestore();
    },
  );

  testRequiring(
    [...NEEDS, hasProgram('python3')],
    'says that a lock of a stranger may hide some',
    async () => {
      const ranges = fixture('../native/fixtures/ranges.py');
      const stranger = await startProcess(['python3', ranges, `ofd:${2n ** 58n + BigInt(process.pid)}:2`]);
      await stranger.message();
      expect(api.listLifelines()).toMatchObject({ obscured: true });
    },
  );

  test.each([
    [null, 'ERR_INVALID_ARG_TYPE'],
    [7, 'ERR_INVALID_ARG_TYPE'],
    [{ limit: '7' }, 'ERR_INVALID_ARG_TYPE'],
    [{ limit: null }, 'ERR_INVALID_ARG_TYPE'],
    [{ limit: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ limit: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ limit: 1.5 }, 'ERR_OUT_OF_RANGE'],
    [{ limit: Number.NaN }, 'ERR_OUT_OF_RANGE'],
    [{ limit: 100_001 }, 'ERR_OUT_OF_RANGE'],
  ])('refuses the options %j', (options, code) => {
    expect(() => api.listLifelines(options as never)).toThrow(expect.objectContaining({ code }));
  });
});

describeForBackends(['procfs', 'portable'], 'plain Node', (api) => {
  test('cannot list lifelines, and gives the reason of the capability', () => {
    const { reason } = api.backend.capabilities().lifeline;
    expect(() => api.listLifelines()).toThrow(
      expect.objectContaining({
        code: 'ERR_LIFELINE_UNAVAILABLE',
        message: expect.stringContaining(reason),
      }),
    );
  });
});

test('only read locks of one byte on an open file description are lifelines', () => {
  const line = (text: string) => `pos:\t0\nflags:\t02100000\nmnt_id:\t4\nino:\t4026531834\n${text}`;
  const held = 'lock:\t1: OFDLCK ADVISORY  READ -1 00:04:4026531834 17 17\n';
  expect(heldBytes(line(`${held}lock:\t2: OFDLCK ADVISORY  READ -1 00:04:4026531834 40 40\n`))).toEqual([
    '17',
    '40',
  ]);
  for (const other of [
    '',
    'lock:\t1: OFDLCK ADVISORY  READ -1 00:04:4026531834 17 18\n',
    'lock:\t1: OFDLCK ADVISORY  READ -1 00:04:4026531834 0 EOF\n',
    'lock:\t1: OFDLCK ADVISORY  WRITE -1 00:04:4026531834 17 17\n',
    'lock:\t1: POSIX  ADVISORY  READ 7 00:04:4026531834 17 17\n',
    'lock:\t1: FLOCK  ADVISORY  READ 7 00:04:4026531834 0 EOF\n',
  ]) {
    expect(heldBytes(line(other)), other).toEqual([]);
  }
});
