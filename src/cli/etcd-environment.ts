import { readFileSync } from 'node:fs';
import { MAX_TTL, MIN_TTL, type OptionsAtAddress } from '../engine/etcd/options.js';
import { UsageError } from './arguments.js';
import { durationOrNull } from './duration.js';

/**
 * What an address cannot carry, from the environment variables of etcdctl. A secret on the command line could be read by
 * every process of the machine.
 */
export function fromEnvironment(env: NodeJS.ProcessEnv): OptionsAtAddress {
  const { ETCDCTL_CACERT, ETCDCTL_CERT, ETCDCTL_KEY, ETCDCTL_USER, ETCDCTL_PASSWORD } = env;
  const ttl = env.KERNEL_IDENTITY_ETCD_TTL;
  const files = { ca: ETCDCTL_CACERT, cert: ETCDCTL_CERT, key: ETCDCTL_KEY };
  const given = Object.entries(files).flatMap(([name, path]) => (path ? [[name, readFileSync(path)]] : []));
  return {
    ...(given.length > 0 ? { tls: Object.fromEntries(given) } : {}),
    ...(ETCDCTL_USER ? { auth: credentials(ETCDCTL_USER, ETCDCTL_PASSWORD) } : {}),
    ...(ttl ? { ttl: ttlOf(ttl) } : {}),
  };
}

/** A bare number is one of seconds, as in every option of this program, though the option of the library is in ms. */
function ttlOf(text: string): number {
  const ms = durationOrNull(text);
  if (ms !== null && ms >= MIN_TTL && ms <= MAX_TTL) return ms;
  const [least, most] = [MIN_TTL / 1_000, MAX_TTL / 1_000];
  throw new UsageError(
    `KERNEL_IDENTITY_ETCD_TTL is ${least}s to ${most / 3_600}h, or ${least} to ${most} (seconds), not '${text}'`,
  );
}

/** `name`, or `name:password` as etcdctl takes it. */
function credentials(user: string, password: string | undefined): { username: string; password: string } {
  const colon = user.indexOf(':');
  if (password !== undefined || colon < 0) return { username: user, password: password ?? '' };
  return { username: user.slice(0, colon), password: user.slice(colon + 1) };
}
