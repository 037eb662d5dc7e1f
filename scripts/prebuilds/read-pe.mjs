// Reads what a loader must know about a 64-bit library of Windows (the PE format of Microsoft, "PE32+").
import { readFileSync } from 'node:fs';

const PE_OFFSET_AT = 0x3c;
const PE_SIGNATURE = 0x4550;
const PE32_PLUS = 0x20b;
/** Offsets from the signature, of the header and of the optional one. */
const HEADER = 4;
const OPTIONAL = 24;
/** Offsets in the optional header. */
const CHARACTERISTICS = 70;
const DIRECTORIES = 112;
const DYNAMIC_BASE = 0x40;
const NX_COMPATIBLE = 0x100;
/** Flags of a section. */
const EXECUTABLE = 0x2000_0000;
const WRITABLE = 0x8000_0000;

/**
 * @returns `machine`; `imports`: the names by library; `exports`: names; `sections` with their rights.
 * @throws {Error} if the file is no such library, or is cut off.
 */
export function readPe(file) {
  const bytes = readFileSync(file);
  const start = bytes.readUInt32LE(PE_OFFSET_AT);
  if (bytes.readUInt32LE(start) !== PE_SIGNATURE) throw new Error('it has no PE signature');
  const optional = start + OPTIONAL;
  if (bytes.readUInt16LE(optional) !== PE32_PLUS) throw new Error('it is not for 64 bits');
  const sections = readSections(bytes, start);

  /** Where an address of memory is in the file. */
  const at = (address) => {
    const section = sections.find((one) => address >= one.address && address < one.address + one.size);
    if (section === undefined) throw new Error(`no section has the address ${address}`);
    return address - section.address + section.offset;
  };
  const textAt = (address) => {
    const from = at(address);
    return bytes.toString('latin1', from, bytes.indexOf(0, from));
  };
  const directory = (index) => bytes.readUInt32LE(optional + DIRECTORIES + 8 * index);
  const characteristics = bytes.readUInt16LE(optional + CHARACTERISTICS);

  return {
    machine: bytes.readUInt16LE(start + HEADER),
    sections,
    isRelocatable: (characteristics & DYNAMIC_BASE) !== 0,
    hasNoExecutableData: (characteristics & NX_COMPATIBLE) !== 0,
    exports: readExports(directory(0)),
    imports: readImports(directory(1)),
  };

  function readExports(address) {
    if (address === 0) return [];
    const table = at(address);
    const names = at(bytes.readUInt32LE(table + 32));
    return Array.from({ length: bytes.readUInt32LE(table + 24) }, (_, index) =>
      textAt(bytes.readUInt32LE(names + 4 * index)),
    );
  }

  function readImports(address) {
    const imports = new Map();
    for (let entry = at(address); bytes.readUInt32LE(entry + 12) !== 0; entry += 20) {
      const names = [];
      for (let look = at(bytes.readUInt32LE(entry)); bytes.readBigUInt64LE(look) !== 0n; look += 8) {
        // Two bytes stand before the name.
        names.push(textAt(Number(bytes.readBigUInt64LE(look)) + 2));
      }
      imports.set(textAt(bytes.readUInt32LE(entry + 12)), names);
    }
    return imports;
  }
}

function readSections(bytes, start) {
  const count = bytes.readUInt16LE(start + HEADER + 2);
  const first = start + OPTIONAL + bytes.readUInt16LE(start + HEADER + 16);
  return Array.from({ length: count }, (_, index) => {
    const header = first + 40 * index;
    const flags = bytes.readUInt32LE(header + 36);
    const offset = bytes.readUInt32LE(header + 20);
    const size = bytes.readUInt32LE(header + 16);
    const name = bytes.toString('latin1', header, header + 8).replace(/\0+$/, '');
    if (offset + size > bytes.length) throw new Error(`its section ${name} is cut off`);
    return {
      name,
      address: bytes.readUInt32LE(header + 12),
      offset,
      size,
      isWritable: (flags & WRITABLE) !== 0,
      isExecutable: (flags & EXECUTABLE) !== 0,
    };
  });
}
