import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Offsets in the header of a 64-bit ELF file (elf(5)), which says where the section table is. All sizes are bytes. */
const HEADER_SIZE = 64;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const SECTION_TABLE_OFFSET = 40;
const SECTION_SIZE = 58;
const SECTION_COUNT = 60;

/**
 * Refuses a file that a full disk or an interrupted download has cut off. It must not reach dlopen(3), which
 * maps as much as the header announces: the process would die of SIGBUS where the file ends. The section
 * table is the last part of a file, unless it was stripped off. dlopen reports every other fault of a file by
 * itself.
 * @throws {Error} when the file is shorter than its header says.
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
