// Reads what the loader of macOS must know about a 64-bit library (Mach-O: mach-o/loader.h, mach-o/nlist.h and, for the
// signature, osfmk/kern/cs_blobs.h of XNU).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const MAGIC_64 = 0xfeedfacf;
const DYLIB = 6;
const HEADER_SIZE = 32;
const LOAD_DYLIB = 0xc;
const SYMTAB = 0x2;
const CODE_SIGNATURE = 0x1d;
const SEGMENT_64 = 0x19;
const BUILD_VERSION = 0x32;
const PLATFORM_MACOS = 1;
const DYLD_INFO_ONLY = 0x8000_0022;
/** A symbol: its size, and the masks of its type. */
const SYMBOL_SIZE = 16;
const STAB = 0xe0;
const TYPE = 0x0e;
const EXTERNAL = 0x01;
const UNDEFINED = 0;
/** A signature, which is big-endian. */
const SUPER_BLOB = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
const AD_HOC = 0x2;
const SHA256 = 2;

/**
 * @returns `machine`; `oldestMacos`; `libraries`; `imports` with the library each is from, or `any`; `exports`;
 * `signature`, or null.
 * @throws {Error} if the file is no such library, or is cut off.
 */
export function readMachO(file) {
  const bytes = readFileSync(file);
  if (bytes.readUInt32LE(0) !== MAGIC_64) throw new Error('it is no Mach-O file for 64 bits');
  const commands = readCommands(bytes);
  const only = (kind) => commands.find((command) => command.kind === kind)?.at;
  const libraries = commands
    .filter(({ kind }) => kind === LOAD_DYLIB)
    .map(({ at }) => textAt(bytes, at + bytes.readUInt32LE(at + 8)));
  for (const { at } of commands.filter(({ kind }) => kind === SEGMENT_64)) {
    const end = bytes.readBigUInt64LE(at + 40) + bytes.readBigUInt64LE(at + 48);
    if (end > BigInt(bytes.length)) throw new Error('a segment is cut off');
  }
  const info = only(DYLD_INFO_ONLY);
  if (info === undefined) throw new Error('its names are bound in another way');
  const signature = only(CODE_SIGNATURE);
  return {
    machine: bytes.readUInt32LE(4),
    isLibrary: bytes.readUInt32LE(12) === DYLIB,
    oldestMacos: oldestMacos(bytes, only(BUILD_VERSION)),
    libraries,
    // Those that are bound when it is loaded, and those at their first call.
    imports: [16, 32].flatMap((field) => readBindings(bytes, info + field, libraries)),
    exports: readExports(bytes, only(SYMTAB)),
    signature: signature === undefined ? null : readSignature(bytes, bytes.readUInt32LE(signature + 8)),
  };
}

function readCommands(bytes) {
  const commands = [];
  let at = HEADER_SIZE;
  for (let count = bytes.readUInt32LE(16); count > 0; count -= 1) {
    commands.push({ kind: bytes.readUInt32LE(at), at });
    at += bytes.readUInt32LE(at + 4);
  }
  return commands;
}

function oldestMacos(bytes, at) {
  if (at === undefined || bytes.readUInt32LE(at + 8) !== PLATFORM_MACOS) return 'not stated';
  const version = bytes.readUInt32LE(at + 12);
  return `${version >>> 16}.${(version >>> 8) & 0xff}`;
}

/** The names of the external symbols that are in the file itself. */
function readExports(bytes, at) {
  const [offset, count, names] = [8, 12, 16].map((field) => bytes.readUInt32LE(at + field));
  const symbols = Array.from({ length: count }, (_, index) => offset + SYMBOL_SIZE * index);
  const isExported = (symbol) => {
    const type = bytes[symbol + 4];
    return (type & STAB) === 0 && (type & EXTERNAL) !== 0 && (type & TYPE) !== UNDEFINED;
  };
  return symbols.filter(isExported).map((symbol) => textAt(bytes, names + bytes.readUInt32LE(symbol)));
}

/**
 * Runs the program of BIND_OPCODE_* by which the loader finds names, as far as it says which name comes from where.
 * @returns `{ name, from }`; `any` means whoever has the name.
 */
function readBindings(bytes, at, libraries) {
  const end = bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4);
  const bindings = [];
  let from = 'no library';
  let name = '';
  let position = bytes.readUInt32LE(at);
  /** Reads a number of seven bits a byte. */
  const uleb = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[position++];
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return value;
    }
  };
  const libraryOf = (ordinal) => libraries[ordinal - 1] ?? `library ${ordinal}`;
  const bind = () => bindings.push({ name, from });
  const steps = {
    1(immediate) {
      from = libraryOf(immediate);
    },
    2() {
      from = libraryOf(uleb());
    },
    3(immediate) {
      // -2 of four bits: flat lookup.
      from = immediate === 14 ? 'any' : 'the program or the file itself';
    },
    4() {
      name = textAt(bytes, position);
      position += name.length + 1;
    },
    6: uleb,
    7: uleb,
    8: uleb,
    9: bind,
    10() {
      bind();
      uleb();
    },
    11: bind,
    12() {
      bind();
      uleb();
      uleb();
    },
  };
  while (position < end) {
    const opcode = bytes[position++];
    steps[opcode >>> 4]?.(opcode & 0xf);
  }
  return bindings;
}

function readSignature(bytes, start) {
  if (bytes.readUInt32BE(start) !== SUPER_BLOB) throw new Error('its signature cannot be read');
  for (let index = 0; index < bytes.readUInt32BE(start + 8); index += 1) {
    const blob = start + bytes.readUInt32BE(start + 16 + 8 * index);
    if (bytes.readUInt32BE(blob) === CODE_DIRECTORY) return readCodeDirectory(bytes, blob);
  }
  throw new Error('its signature has no list of hashes');
}

function readCodeDirectory(bytes, blob) {
  const [flags, hashes, pages, end] = [12, 16, 28, 32].map((field) => bytes.readUInt32BE(blob + field));
  const [hashSize, hashKind] = [bytes[blob + 36], bytes[blob + 37]];
  const pageSize = 2 ** bytes[blob + 39];
  if (hashKind !== SHA256 || pages !== Math.ceil(end / pageSize))
    throw new Error('its signature is of another kind');
  let wrongPages = 0;
  for (let page = 0; page < pages; page += 1) {
    const content = bytes.subarray(page * pageSize, Math.min((page + 1) * pageSize, end));
    const hash = createHash('sha256').update(content).digest().subarray(0, hashSize);
    const at = blob + hashes + hashSize * page;
    if (!hash.equals(bytes.subarray(at, at + hashSize))) wrongPages += 1;
  }
  return { isAdHoc: (flags & AD_HOC) !== 0, wrongPages };
}

function textAt(bytes, at) {
  return bytes.toString('latin1', at, bytes.indexOf(0, at));
}
