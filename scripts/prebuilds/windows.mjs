// Checks that an addon for Windows loads in any program that has Node in it, and on every Windows that Node runs on.
import { readPe } from './read-pe.mjs';

/** Every Windows has these. Anything else could be missing, or be the Node of another program. */
const LIBRARIES = ['KERNEL32.dll', 'ADVAPI32.dll'];
const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

/** @returns what is wrong with the file. */
export function windowsProblems(file, target) {
  let pe;
  try {
    pe = readPe(file);
  } catch (error) {
    return [`cannot be read: ${error.message}`];
  }
  const problems = [];
  if (pe.machine !== target.machine) problems.push(`is for the machine ${pe.machine.toString(16)}`);
  for (const library of pe.imports.keys()) {
    if (!LIBRARIES.includes(library)) problems.push(`needs ${library}, which not every program has`);
  }
  const missing = EXPORTS.filter((name) => !pe.exports.includes(name));
  if (missing.length > 0) problems.push(`does not export ${missing}`);
  if (!pe.isRelocatable) problems.push('cannot be loaded at another address (ASLR)');
  if (!pe.hasNoExecutableData) problems.push('can run code in its data (NX)');
  for (const { name, isWritable, isExecutable } of pe.sections) {
    if (isWritable && isExecutable) problems.push(`has a section ${name} that can be written to and run`);
  }
  return problems;
}
