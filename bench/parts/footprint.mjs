import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { dependenciesSize, installedSize, packedSize } from '../footprint/size.mjs';
import { atMost } from '../harness/bars.mjs';
import { missingRow, row } from '../harness/group.mjs';
import { PEERS, resolvePeer } from '../peers/load.mjs';

const SOAK = fileURLToPath(new URL('../footprint/soak.mjs', import.meta.url));
const PEERS_FILE = fileURLToPath(new URL('../peers/package.json', import.meta.url));

/**
 * How much more of each may be left after the work; V8's heap and the memory as a whole are in bytes. One object for
 * each of 10^5 judgements would be 1.6 MB at least.
 */
export const TOLERANCE = { descriptors: 0, threads: 0, heap: 512 * 1024, rss: 8 * 2 ** 20 };
const UNITS = { descriptors: '', threads: '', heap: 'B', rss: 'B' };
const NAMES = { descriptors: 'descriptors', threads: 'threads', heap: 'heap', rss: 'RSS' };

/** Returns, by kind of work, how much more of each there is after the work than before it. */
export async function soak(directory) {
  const { stdout } = await promisify(execFile)(process.execPath, [SOAK, directory]);
  return JSON.parse(stdout);
}

/** Measures what stays of work that is over. */
export async function measureLeaks({ quick, directory }) {
  const group = 'left behind by work that is over';
  if (quick)
    return { rows: [missingRow(group, 'polls, judgements, locks', 'not with --quick', '')], bars: [] };
  const rows = [];
  const bars = [];
  for (const [work, { count, ...growth }] of Object.entries(await soak(directory))) {
    for (const [what, more] of Object.entries(growth)) {
      const name = `${count.toLocaleString('en').replaceAll(',', ' ')} ${work}: ${NAMES[what]}`;
      rows.push(row({ group, name, unit: UNITS[what], p50: more, batch: count }));
      bars.push(atMost(`no more ${NAMES[what]} after ${work}`, rows, name, TOLERANCE[what]));
    }
  }
  return { rows, bars };
}

/** Measures the size of this package and of the others. */
export async function measureSize() {
  const packed = packedSize();
  const own = { unit: 'B' };
  const group = 'size';
  const installed = packed.unpackedSize + dependenciesSize();
  const rows = [
    row({ ...own, group, name: 'the packed tarball', p50: packed.size }),
    row({ ...own, group, name: 'unpacked', p50: packed.unpackedSize }),
    row({
      ...own,
      group,
      name: 'in node_modules, with what it depends on',
      p50: installed,
      ratio: 1,
    }),
  ];
  for (const name of PEERS) {
    const url = resolvePeer(name);
    if (!url.startsWith('file:')) {
      rows.push(missingRow(group, name, url, 'B'));
      continue;
    }
    const bytes = installedSize(name, PEERS_FILE);
    rows.push(
      row({
        ...own,
        group,
        name: `${name} in node_modules, likewise`,
        p50: bytes,
        ratio: bytes / installed,
      }),
    );
  }
  return { rows, bars: [] };
}
