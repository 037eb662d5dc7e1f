// Reads with readelf of binutils what a loader must know about an ELF file, of whichever architecture.
import { spawnSync } from 'node:child_process';

/**
 * @returns undefined when there is no readelf.
 * @throws {Error} if the file is not ELF.
 */
export function readElf(file) {
  const options = [
    '--file-header',
    '--program-headers',
    '--dynamic',
    '--relocs',
    '--dyn-syms',
    '--wide',
    file,
  ];
  const { status, stdout, stderr, error } = spawnSync('readelf', options, {
    encoding: 'utf8',
    maxBuffer: 16 << 20,
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (error?.code === 'ENOENT') return undefined;
  if (status !== 0 || stdout === '') throw new Error(`readelf: ${stderr.trim()}`);
  const symbols = [...stdout.matchAll(/^\s+\d+: \S+\s+\d+ \S+\s+(\S+)\s+\S+\s+(\S+) (\S+)/gm)];
  const segments = stdout.matchAll(/^\s+([A-Z_]+)(?:\s+0x[\da-f]+){5}\s+([RWE ]+?)\s+0x/gm);
  return {
    machine: stdout.match(/^\s*Machine:\s+(.*)$/m)?.[1],
    libraries: [...stdout.matchAll(/\(NEEDED\)\s+Shared library: \[(.*)\]/g)].map(([, name]) => name),
    /** The rights of each kind of segment, such as `RW`. */
    segments: new Map([...segments].map(([, kind, rights]) => [kind, rights])),
    /** Whether the loader resolves all names before any code runs. */
    bindsNow: /\(FLAGS\)\s.*\bBIND_NOW\b/.test(stdout),
    /** The functions and variables that the loader must find for it, its own exported ones included. */
    references: new Set(
      [...stdout.matchAll(/^[\da-f]{8,}\s+[\da-f]+\s+R_\S+\s+[\da-f]+\s+(\w+)/gm)].map(([, name]) => name),
    ),
    /** `{ name, version }`; the version is like `GLIBC_2.17`, and undefined when the symbol has none. */
    imports: symbols
      .filter(([, binding, section]) => section === 'UND' && binding !== 'WEAK')
      .map(([, , , symbol]) => {
        const [name, version] = symbol.split('@');
        return { name, version };
      }),
    exports: new Set(
      symbols.filter(([, , section]) => section !== 'UND').map(([, , , symbol]) => symbol.split('@')[0]),
    ),
  };
}
