import fc from 'fast-check';
import { OTHER_BOOT } from '../builders.js';

/** The processes and times of which records are made. */
export interface World {
  /** A living process, which is the owner. */
  readonly living: number;
  /** A number that no process has, or one that is not the owner. */
  readonly gone: number;
  /** ms since the epoch at which the machine was booted. */
  readonly bootedMs: number;
  readonly nowMs: number;
  readonly times: fc.Arbitrary<Times>;
}

/** ms since the epoch. */
export interface Times {
  /** The birth of the owner. */
  readonly born: number;
  /** When the owner wrote its record. */
  readonly written: number;
}

/**
 * A record of another program whose owner lives, though its pid, its time or its start, read in the plain way, may say that
 * it is dead. What says that it lives stands in another field, in another unit, or in the file's time.
 */
export interface HiddenOwner {
  /** Where the owner is to be found. */
  readonly hiding: string;
  /** Under `pid` stands what the writer calls the pid. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly mtimeMs: number;
  readonly times: Times;
  /** True: without the file's time nothing shows that the owner lives. */
  readonly needsFile: boolean;
}

type Scene = Omit<HiddenOwner, 'hiding' | 'needsFile'> & { readonly needsFile?: true };

const MINUTE = 60_000;
const DAY = 86_400_000;

const START_KEYS = ['starttime', 'startTime', 'start_time', 'procStart', 'processStartTime', 'startTicks'];
const VAGUE_START_KEYS = ['create_time', 'startedAt', 'startIdentity', 'pid_start_time'];
const PID_KEYS = [
  'childPid',
  'child_pid',
  'serverPid',
  'processId',
  'process_id',
  'pgid',
  'holder',
  'lockedBy',
];
const SIGN_KEYS = [
  'heartbeat',
  'heartbeatAt',
  'last_heartbeat',
  'updatedAt',
  'refreshedAt',
  'lastSeen',
  'last_seen',
];
const UNTIL_KEYS = ['expiresAt', 'expires', 'leaseUntil', 'valid_until', 'deadline'];
const TIME_KEYS = ['createdAt', 'createdAtMs', 'startedAt', 'acquired_at', 'timestamp', 'lockedAt'];

const TIME_TEXTS: readonly ((ms: number) => unknown)[] = [
  (ms) => ms,
  (ms) => String(ms),
  (ms) => ms / 1000,
  (ms) => Math.floor(ms / 1000),
  (ms) => new Date(ms).toISOString(),
  (ms) => new Date(ms).toISOString().replace('T', ' ').replace('Z', '+00:00'),
];

/** Ways to write down when a process started; the last ones say nothing, or something else. */
function unitsOf({ bootedMs }: World): readonly ((ms: number) => unknown)[] {
  const ticks = (ms: number) => Math.floor((ms - bootedMs) / 10);
  return [
    ...TIME_TEXTS,
    ticks,
    (ms) => String(ticks(ms)),
    (ms) => `linux:${ticks(ms)}`,
    (ms) => Math.floor((ms - bootedMs) / 1000),
    (ms) => ticks(ms) / 100,
    (ms) => Math.round(ms - bootedMs),
    // psutil adds the ticks to the time of the boot, which is cut to the second.
    (ms) => (Math.floor(bootedMs / 1000) * 100 + ticks(ms)) / 100,
    (ms) => ms * 1000,
    (ms) => new Date(ms).toISOString().slice(0, 19),
    (ms) => new Date(ms).toUTCString(),
    (ms) => new Date(ms).toUTCString().replace(/^(...), (\d\d) (...) (\d{4}) (.*) GMT$/, '$1 $3 $2 $5 $4'),
    () => 0,
    () => -1,
    () => 'unknown',
    (ms) => (ms - bootedMs) / MINUTE,
    (ms) => Math.floor((ms + 40_000 - bootedMs) / 1000),
  ];
}

function pidShapes({ living, gone }: World): readonly ((key: string) => Record<string, unknown>)[] {
  return [
    (key) => ({ [key]: living }),
    (key) => ({ [key]: String(living) }),
    (key) => ({ owner: { [key]: living, name: 'x' } }),
    () => ({ pids: [gone, living] }),
    () => ({ workers: [{ pid: gone }, { pid: living }] }),
    () => ({ pids: { main: gone, child: living } }),
    () => ({ processes: { list: [{ info: { pid: living } }] } }),
    () => ({ note: `worker pid=${living}` }),
    () => ({ pids: `${gone},${living}` }),
  ];
}

const FOREIGN_PLACES: readonly Record<string, unknown>[] = [
  { hostname: 'elsewhere-2' },
  { host: 'elsewhere.example.org' },
  { hostName: 'c0ffee0000a1' },
  { owner: { hostname: 'elsewhere-2' } },
  { platform: 'win32' },
  { os: 'darwin' },
  { runningInWindows: true },
  { pidns: 'pid:[4026539999]' },
  { pidNamespace: 4_026_539_999 },
  { processNamespace: { host: 'a', platform: 'linux', identity: OTHER_BOOT, pidNsInode: '4026539999' } },
  { containerId: 'c0ffee0000a1' },
  { container_id: 'd'.repeat(64) },
  { machineId: 'b'.repeat(32) },
];

/** Where the owner is hidden, and how such records are made. */
function hidingsIn(world: World): Readonly<Record<string, fc.Arbitrary<Scene>>> {
  const { living, gone, nowMs, times } = world;
  const timeTexts = fc.constantFrom(...TIME_TEXTS);
  const recent = fc.integer({ min: 0, max: 30_000 });
  return {
    'its start is in another unit': fc
      .tuple(times, fc.constantFrom(...START_KEYS, ...VAGUE_START_KEYS), fc.constantFrom(...unitsOf(world)))
      .map(([at, key, unit]) => ({
        fields: { pid: living, [key]: unit(at.born) },
        mtimeMs: at.written,
        times: at,
      })),
    'another field names it': fc
      .tuple(times, fc.constantFrom(...PID_KEYS), fc.constantFrom(...pidShapes(world)))
      .map(([at, key, shape]) => ({ fields: { pid: gone, ...shape(key) }, mtimeMs: at.written, times: at })),
    'it runs elsewhere': fc
      .tuple(times, fc.constantFrom(...FOREIGN_PLACES))
      .map(([at, place]) => ({ fields: { pid: gone, ...place }, mtimeMs: at.written, times: at })),
    'it gives signs of life': fc
      .tuple(times, fc.constantFrom(...SIGN_KEYS), timeTexts, recent)
      .map(([at, key, text, ageMs]) => ({
        fields: { pid: gone, [key]: text(nowMs - ageMs) },
        mtimeMs: at.written,
        times: at,
      })),
    'its claim is good for a while': fc
      .tuple(times, fc.constantFrom(...UNTIL_KEYS), timeTexts)
      .map(([at, key, text]) => ({
        fields: { pid: gone, [key]: text(nowMs + 5 * MINUTE) },
        mtimeMs: at.written,
        times: at,
      })),
    'it touches its file': fc
      .tuple(times, fc.constantFrom(...TIME_KEYS), timeTexts, recent)
      .map(([at, key, text, ageMs]) => ({
        fields: { pid: gone, [key]: text(Math.min(at.written, nowMs - 10 * MINUTE)) },
        mtimeMs: nowMs - ageMs,
        times: at,
        needsFile: true,
      })),
    'its record has the time of something older': fc
      .tuple(times, fc.constantFrom(...TIME_KEYS), timeTexts, fc.integer({ min: 0, max: 40 * DAY }))
      .map(([at, key, text, older]) => ({
        fields: { pid: living, [key]: text(at.born - older) },
        mtimeMs: at.written,
        times: at,
        needsFile: true,
      })),
    'its boot id is one of its own': fc
      .tuple(times, fc.uuid(), fc.constantFrom('bootId', 'boot_id', 'bootID'))
      .map(([at, id, key]) => ({ fields: { pid: living, [key]: id }, mtimeMs: at.written, times: at })),
    'the number is no pid': fc
      .tuple(
        times,
        fc.oneof(fc.integer({ min: 4_194_305 }), fc.constantFrom(0, -1, -living)),
        fc.constantFrom(Number, String),
      )
      .map(([at, number, type]) => ({ fields: { pid: type(number) }, mtimeMs: at.written, times: at })),
  };
}

/** Fields that say nothing of the owner. */
const noise = fc.dictionary(
  fc.constantFrom('port', 'command', 'cwd', 'user', 'id', 'label', 'url'),
  fc.oneof(fc.integer(), fc.string({ maxLength: 8 }), fc.boolean(), fc.constant(null)),
  { maxKeys: 4 },
);

export function hiddenOwners(world: World): fc.Arbitrary<HiddenOwner> {
  return fc.constantFrom(...Object.entries(hidingsIn(world))).chain(([hiding, scenes]) =>
    fc.tuple(scenes, noise, fc.boolean()).map(([{ fields, needsFile = false, ...rest }, more, isLast]) => ({
      hiding,
      fields: isLast ? { ...more, ...fields } : { ...fields, ...more },
      needsFile,
      ...rest,
    })),
  );
}
