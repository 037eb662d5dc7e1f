import { EngineLocks } from '../engine-locks.js';
import type { Locks } from '../locks.js';
import { parseAddress } from './address.js';
import { EtcdEngine } from './etcd-engine.js';
import { checkEtcdOptions, type EtcdOptions } from './options.js';

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

/** The locks at an address such as `etcd://host:2379/locks/`. @throws the errors of {@link etcd}. */
export function etcdAt(address: string, options: Partial<EtcdOptions> = {}): EngineLocks {
  const { endpoints, prefix } = parseAddress(address);
  return etcdLocks({ ...options, endpoints, prefix });
}
