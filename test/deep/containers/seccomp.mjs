import { readFileSync } from 'node:fs';

/** @typedef {{ caps?: string[], arches?: string[] }} Condition */
/** @typedef {{ includes?: Condition, excludes?: Condition }} Rule */

/**
 * Converts a profile as podman and Docker ship it to the form of the OCI runtime specification, for this
 * machine and a process with these capabilities.
 * @param {string} path
 * @param {readonly string[]} capabilities
 */
export function seccompOf(path, capabilities) {
  const profile = JSON.parse(readFileSync(path, 'utf8'));
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const architecture = process.arch === 'x64' ? 'SCMP_ARCH_X86_64' : 'SCMP_ARCH_AARCH64';
  const map = profile.archMap.find((/** @type {any} */ entry) => entry.architecture === architecture);

  const fits = (/** @type {Rule} */ { includes = {}, excludes = {} }) => {
    const has = (/** @type {string} */ name) => capabilities.includes(name);
    if (includes.caps && !includes.caps.every(has)) return false;
    if (excludes.caps?.some(has)) return false;
    if (includes.arches && !includes.arches.includes(arch)) return false;
    return !excludes.arches?.includes(arch);
  };
  return {
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet,
    architectures: [architecture, ...(map?.subArchitectures ?? [])],
    syscalls: profile.syscalls
      .filter(fits)
      .map(({ names, action, args, errnoRet }) => ({ names, action, args: args ?? [], errnoRet })),
  };
}
