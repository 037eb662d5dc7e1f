import { invalidArgument } from '../../errors.js';
import { secretInAddress } from './options.js';

/** Where the locks of a cluster are: `etcd://host:2379,other:2379/locks/`; `etcds://` with TLS. */
export interface EtcdAddress {
  /** The servers, each with its scheme. */
  readonly endpoints: readonly string[];
  readonly prefix: string;
  /** What follows the last slash; empty: the address is that of all locks. */
  readonly name: string;
}

/** @throws TypeError (ERR_INVALID_ARG_TYPE) for what is no such address, or has a secret in it. */
export function parseAddress(text: string): EtcdAddress {
  const parts = /^(etcds?):\/\/([^/?#]+)(?:\/([^?#]*))?$/.exec(text);
  if (parts === null) {
    throw invalidArgument('an address of locks in etcd is written etcd://HOST:2379,HOST:2379/PREFIX/');
  }
  const [, scheme, hosts = '', path = ''] = parts;
  if (hosts.includes('@')) throw secretInAddress();
  const slash = path.lastIndexOf('/');
  const protocol = scheme === 'etcds' ? 'https' : 'http';
  return {
    endpoints: hosts.split(',').map((host) => `${protocol}://${host}`),
    prefix: slash < 0 ? 'locks/' : path.slice(0, slash + 1),
    name: path.slice(slash + 1),
  };
}
