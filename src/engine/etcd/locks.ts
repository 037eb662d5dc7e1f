import { EngineLocks } from '../engine-locks.js';
import type { Locks } from '../locks.js';
import { type EtcdAddress, parseAddress, parseAddressOfAll } from './address.js';
import { EtcdEngine } from './etcd-engine.js';
import {
  checkEtcdOptions,
  checkOptionsAtAddress,
  type EtcdOptions,
  type OptionsAtAddress,
} from './options.js';

/**
 * Locks that many machines share, kept by etcd 3.4 or later. Nothing is asked of the servers before the first lock.
 * @example
 * const locks = etcd({ endpoints: ['http://127.0.0.1:2379'], ttl: 10_000 });
 * console.log(locks.address); // etcd://127.0.0.1:2379/locks/
 * await locks.close();
 * @throws TypeError (ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE) or RangeError (ERR_OUT_OF_RANGE) for wrong options.
 */
export function etcd(options: EtcdOptions): Locks {
  return etcdLocks(options);
}

export function etcdLocks(options: EtcdOptions): EngineLocks {
  const checked = checkEtcdOptions(options);
  return new EngineLocks(new EtcdEngine(checked), checked);
}

/**
 * The same as {@link etcd}, with the servers and the prefix from an address, which are no options then.
 * @example
 * const locks = openEtcd('etcd://127.0.0.1:2379/locks/', { ttl: 10_000 });
 * console.log(locks.address); // etcd://127.0.0.1:2379/locks/
 * await locks.close();
 * @throws the errors of {@link etcd}.
 */
export function openEtcd(address: string, options: OptionsAtAddress = {}): Locks {
  return locksAt(parseAddressOfAll(address), options);
}

/** The same, for the address of one lock too. */
export function etcdLocksAt(address: string, options: OptionsAtAddress): EngineLocks {
  return locksAt(parseAddress(address), options);
}

function locksAt({ endpoints, prefix }: EtcdAddress, options: OptionsAtAddress): EngineLocks {
  checkOptionsAtAddress(options);
  return etcdLocks({ ...options, endpoints, prefix });
}
