import { UsageError } from './arguments.js';

/** True for the address of locks on an engine, such as `etcd://host:2379/locks/nightly`. */
export function isAddress(path: string): boolean {
  return /^etcds?:\/\//.test(path);
}

/** @throws UsageError when one of the paths is an address. @param what cannot be done with it, in words. */
export function refuseAddresses(paths: readonly string[], what: string): void {
  const address = paths.find(isAddress);
  if (address !== undefined) throw new UsageError(`${what} takes paths, and not the address '${address}'`);
}
