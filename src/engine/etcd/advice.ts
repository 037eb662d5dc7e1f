import { DEADLINE_EXCEEDED, PERMISSION_DENIED, UNAVAILABLE } from './grpc-codes.js';

/** What is known of an error that the server has answered, or the way to it has brought. */
export interface Cause {
  /** An errno code, or one of node:tls. Empty: it has none. */
  readonly code: string;
  /** A code of gRPC. null: it was no answer of etcd. */
  readonly grpc: number | null;
  readonly words: string;
  /** The address is one with TLS. */
  readonly isTls: boolean;
}

const CLIENT_CERTIFICATE =
  'give a certificate that its authority has signed as tls.cert and tls.key, or as the files ETCDCTL_CERT and ETCDCTL_KEY';

/** The code of an error that stands for what etcd never answers. Callers get it as the cause alone. */
export const NO_ETCD = 'ERR_NO_ETCD';
export const NO_ETCD_ADVICE = 'is a proxy or another program at this address?';

/** Follows the words on a server that does not answer. */
export const SILENT_ADVICE =
  'is etcd running there, with a majority of its servers, and is the address right?';

/** The first row that fits counts. */
const ROWS: readonly (readonly [fits: (cause: Cause) => boolean, advice: string])[] = [
  [
    byCode(
      /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL|ETIMEDOUT)$/,
    ),
    SILENT_ADVICE,
  ],
  [byCode(/^ERR_NO_ETCD$/), NO_ETCD_ADVICE],
  [byCode(/^E[MN]FILE$/), 'close files, or raise the limit: ulimit -n'],
  [
    ({ code, isTls }) => code === 'ECONNRESET' && !isTls,
    'if the server wants TLS, write etcds:// or give the option tls',
  ],
  [
    ({ code, words }) =>
      code === 'ECONNRESET' || /^TLS: (?:wrong version number|packet length too long)/.test(words),
    'if the server has no TLS, write etcd:// and give no option tls',
  ],
  [
    byCode(/^ERR_SSL_\w+CERTIFICATE_REQUIRED$/),
    `the server wants a client certificate: ${CLIENT_CERTIFICATE}`,
  ],
  [
    byCode(/^ERR_SSL_\w+(?:_CERTIFICATE|_UNKNOWN_CA|CERTIFICATE_\w+)$/),
    `the server does not accept the client certificate, or misses one: ${CLIENT_CERTIFICATE}`,
  ],
  [
    byCode(/^(?:UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/),
    'give the certificate of the authority that signed the one of the server as tls.ca, or as the file ETCDCTL_CACERT',
  ],
  [byCode(/^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/), 'renew it, or set the clock of this machine'],
  [
    byCode(/^(?:ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/),
    'write the address with a name that the certificate of the server has',
  ],
  [({ words }) => /user name is empty/.test(words), 'give a user and a password'],
  [({ words }) => /authentication failed/.test(words), 'are user and password right?'],
  [({ grpc }) => grpc === PERMISSION_DENIED, 'its role needs to read and write the prefix'],
  [
    ({ words }) => isFull(words),
    'compact it, defragment it, and end the alarm: etcdctl compact REVISION, etcdctl defrag, etcdctl alarm disarm',
  ],
  [
    ({ grpc }) => grpc === UNAVAILABLE || grpc === DEADLINE_EXCEEDED,
    'does a majority of its servers run, and can they reach each other?',
  ],
];

/** What a person can do about an error, in words that follow it. Empty where nothing is known. */
export function adviceOn(cause: Cause): string {
  const row = ROWS.find(([fits]) => fits(cause));
  return row === undefined ? '' : `; ${row[1]}`;
}

/** True for the refusal of every write until a person has made room: the alarm NOSPACE. */
export function isFull(words: string): boolean {
  return /space exceeded/.test(words);
}

function byCode(pattern: RegExp): (cause: Cause) => boolean {
  return ({ code }) => pattern.test(code);
}
