import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Of a 64-bit ELF file (elf(5)): where its last part is described. */
const HEADER_SIZE = 64;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const SECTION_TABLE_OFFSET = 40;
const SECTION_SIZE = 58;
const SECTION_COUNT = 60;

/**
 * A file that was cut off, by a full disk or an interrupted download, must not reach dlopen(3): it maps what the header
 * announces, and the process dies of SIGBUS where the file ends. The table of sections is a file's last part, unless it
 * was stripped off; what else is wrong with a file dlopen reports by itself.
 * @throws Error when the file ends before its own end.
 */
export function requireWhole(path: string): void {
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(HEADER_SIZE);
    const length = readSync(file, header, 0, HEADER_SIZE, 0);
    if (length < HEADER_SIZE) throw new Error(`${path}: file too short`);
    const isElf = header.readUInt32BE(0) === 0x7f454c46;
    if (!isElf || header[4] !== CLASS_64 || header[5] !== LITTLE_ENDIAN) return;
    const end =
      Number(header.readBigUInt64LE(SECTION_TABLE_OFFSET)) +
      header.readUInt16LE(SECTION_SIZE) * header.readUInt16LE(SECTION_COUNT);
    const { size } = fstatSync(file);
    if (size < end) throw new Error(`${path}: cut off after ${size} of ${end} bytes`);
  } finally {
    closeSync(file);
  }
}
