// Checks that an addon for macOS loads in every Node that this package is for, on every macOS that Node runs on.
import { readMachO } from './read-macho.mjs';

/** The oldest that Node 20 and 22 ask for. */
const OLDEST_MACOS = '11.0';
const LIBRARY = '/usr/lib/libSystem.B.dylib';
const EXPORTS = ['_napi_register_module_v1', '_node_api_module_get_api_version_v1'];

/** @returns what is wrong with the file. */
export function macosProblems(file, target) {
  let library;
  try {
    library = readMachO(file);
  } catch (error) {
    return [`cannot be read: ${error.message}`];
  }
  const problems = [];
  if (library.machine !== target.machine) problems.push(`is for the machine ${library.machine.toString(16)}`);
  if (!library.isLibrary) problems.push('is no library');
  if (library.oldestMacos !== OLDEST_MACOS) {
    problems.push(`asks for macOS ${library.oldestMacos}, and not for ${OLDEST_MACOS}`);
  }
  for (const name of library.libraries) {
    if (name !== LIBRARY) problems.push(`needs ${name}, which not every macOS has`);
  }
  const missing = EXPORTS.filter((name) => !library.exports.includes(name));
  if (missing.length > 0) problems.push(`does not export ${missing}`);
  for (const { name, from } of library.imports) {
    // The program that loads the addon has Node in it. Everything else comes from the system.
    const isOfNode = name.startsWith('_napi_');
    if (from !== (isOfNode ? 'any' : LIBRARY)) problems.push(`takes ${name} from ${from}`);
  }
  problems.push(...signatureProblems(library.signature, target.isSigned));
  return problems;
}

function signatureProblems(signature, isNeeded) {
  if (signature === null) return isNeeded ? ['has no signature'] : [];
  if (!signature.isAdHoc) return ['has a signature that is not ad hoc'];
  return signature.wrongPages === 0
    ? []
    : [`has ${signature.wrongPages} pages that are not as they were signed`];
}
