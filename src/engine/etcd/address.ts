import { invalidArgument } from '../../errors.js';
import { endpointIn, isPrefix, secretInAddress } from './options.js';

/** Where the locks of a cluster are: `etcd://host:2379,other:2379/locks/`; `etcds://` with TLS. */
export interface EtcdAddress {
  /** With their scheme where that is https. Else the option `tls` decides. */
  readonly endpoints: readonly string[];
  readonly prefix: string;
  /** What follows the last slash; empty: the address is that of all locks. */
  readonly name: string;
}

/** @throws TypeError (ERR_INVALID_ARG_TYPE) for what is no such address, or has a secret in it. */
export function parseAddress(text: string): EtcdAddress {
  const parts = /^(etcds?):\/\/([^/?#]+)(?:\/([^?#]*))?$/.exec(text);
  if (parts === null) throw noAddress();
  const [, scheme, hosts = '', path = ''] = parts;
  const slash = path.lastIndexOf('/');
  // A password with a slash in it reaches into the path.
  if (/@|%40/.test(hosts + path.slice(0, slash + 1))) throw secretInAddress();
  const protocol = scheme === 'etcds' ? 'https://' : '';
  const endpoints = hosts.split(',').map((host) => `${protocol}${host}`);
  const prefix = slash < 0 ? 'locks/' : path.slice(0, slash + 1);
  const areHosts = endpoints.every((one) => endpointIn(one, false) !== null);
  if (!areHosts || !isPrefix(prefix)) throw noAddress();
  return { endpoints, prefix, name: path.slice(slash + 1) };
}

/**
 * The address of all locks below a prefix.
 * @throws TypeError (ERR_INVALID_ARG_TYPE) also for that of one lock.
 */
export function parseAddressOfAll(text: string): EtcdAddress {
  const address = parseAddress(text);
  if (address.name === '') return address;
  throw invalidArgument(
    'an address of all locks ends with a slash; what follows the last one is the name of a lock, which acquire() takes',
  );
}

/** It shows nothing of the text, which may hold a password. */
function noAddress(): TypeError {
  return invalidArgument(
    'an address of locks in etcd is written etcd://HOST:2379,HOST:2379/PREFIX/, or with etcds:// where TLS is used',
  );
}
