import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { etcd, openEtcd } from '../../src/etcd.js';
import { openLocks } from '../../src/index.js';
import { describeRequiring, hasProgram } from '../helpers/requirements.js';

const PEM = '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n';

/** The code and the message of what a call throws. */
async function refusalOf(open: () => unknown): Promise<string> {
  try {
    await open();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return `${code} ${message}`;
  }
  throw new Error('it was not refused');
}

test('an address is that of the servers, the prefix, and whether TLS is used', () => {
  expect(openEtcd('etcd://e1,[::1]:80/a/').address).toBe('etcd://e1:2379,[::1]:80/a/');
  expect(openEtcd('etcds://e1').address).toBe('etcds://e1:2379/locks/');
});

test.each([
  'etcd://e1/locks/nightly',
  'etcd://e1/locks',
  'etcd://http://e1:2379/locks/',
  'etcd://e1,https://e2/locks/',
  'etcd://e1:port/locks/',
  'etcd://e1:/locks/',
  'etcd://e1:99999/',
  'etcd://e1,,e2/',
  'etcd://e 1/',
  'etcd://e1/a//b/',
  'etcd:e1',
])('is no address of locks, for openLocks and openEtcd alike: %s', async (address) => {
  expect(await refusalOf(() => openLocks(address))).toMatch(/^ERR_INVALID_ARG_TYPE an address/);
  expect(await refusalOf(() => openEtcd(address))).toMatch(/^ERR_INVALID_ARG_TYPE an address/);
});

test.each([
  [{ endpoints: [] }, 'ERR_OUT_OF_RANGE', /at least one server, not an empty array/],
  [{ endpoints: 'e1' }, 'ERR_INVALID_ARG_TYPE', /an array of at least one server, not string/],
  [{ endpoints: ['e1:'] }, 'ERR_OUT_OF_RANGE', /addresses such as/],
  [{ tls: true }, 'ERR_INVALID_ARG_TYPE', /option 'tls' must be an object .*, not boolean/],
  [
    { settle: Number.POSITIVE_INFINITY },
    'ERR_OUT_OF_RANGE',
    /option 'settle' must be 0 to 86400000 milliseconds/,
  ],
  [{ auth: { username: 'a', password: 'SECRET\n' } }, 'ERR_OUT_OF_RANGE', /password.* without the line end/],
])('an option that cannot be meant is refused by its name: %j', async (options, code, words) => {
  const refusal = await refusalOf(() => etcd({ endpoints: ['e1'], ...options } as never));
  expect(refusal).toMatch(words);
  expect(refusal.startsWith(code)).toBe(true);
  expect(refusal).not.toContain('SECRET');
});

test.each(['endpoints', 'prefix'] as const)('the address alone carries the %s', async (name) => {
  const given = { [name]: name === 'prefix' ? 'other/' : ['e2'] };
  expect(await refusalOf(() => openEtcd('etcd://e1/locks/', given))).toMatch(
    new RegExp(`^ERR_INVALID_ARG_VALUE unknown option "${name}": the address carries it`),
  );
  // @ts-expect-error The types have neither of them.
  expect(() => openEtcd('etcd://e1/locks/', { prefix: 'other/', endpoints: ['e2'] })).toThrow(TypeError);
  expect(openEtcd('etcd://e1/', { [name]: undefined }).address).toBe('etcd://e1:2379/locks/');
});

test('what is no object of known options is refused, beside an address too', async () => {
  for (const options of [null, 'ttl', [1]]) {
    expect(await refusalOf(() => openEtcd('etcd://e1/', options as never))).toContain('ERR_INVALID_ARG_TYPE');
  }
  expect(await refusalOf(() => openEtcd('etcd://e1/', { tll: 5_000 } as never))).toContain('did you mean');
});

describe('who gives certificates', () => {
  test('gets TLS, also at an address that does not say so', () => {
    expect(openEtcd('etcd://e1,e2/', { tls: { ca: PEM } }).address).toBe('etcds://e1:2379,e2:2379/locks/');
  });

  test('sends nothing in clear text, and is never without a verification', async () => {
    const endpoints = ['http://e1'];
    expect(await refusalOf(() => etcd({ endpoints, tls: { ca: PEM } }))).toContain('because tls is given');
    // A text, such as a name that node:tls would expect in the certificate, is no certificate either.
    for (const [name, value] of Object.entries({ rejectUnauthorized: false, servername: PEM })) {
      expect(await refusalOf(() => etcd({ endpoints: ['e1'], tls: { ca: PEM, [name]: value } }))).toContain(
        name,
      );
    }
    const path = { ca: '/etc/ssl/ca.pem' };
    expect(await refusalOf(() => etcd({ endpoints: ['e1'], tls: path }))).toContain('PEM');
  });
});

describeRequiring([hasProgram('openssl')], 'with certificates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kernel-identity-pem-'));
  const pem = (name: string) => readFileSync(join(folder, name), 'utf8');
  beforeAll(() => {
    for (const name of ['a', 'b']) {
      const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
      const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/'];
      execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('a key that is not that of the certificate is refused before any server is asked', async () => {
    const open = (tls: object) => refusalOf(() => openEtcd('etcds://e1/', { tls }));
    const [cert, key, other] = [pem('a.pem'), pem('a.key'), pem('b.key')];
    expect(openEtcd('etcds://e1/', { tls: { ca: cert, cert, key } }).address).toBe('etcds://e1:2379/locks/');
    expect(await open({ cert, key: other })).toMatch(
      /^ERR_INVALID_ARG_VALUE option 'tls' .*must be that of the cert/,
    );
    expect(await open({ cert })).toMatch(/^ERR_INVALID_ARG_VALUE .*cert and tls\.key go together/);
    expect(await open({ key })).toContain('go together');
    expect(await open({ cert, key: key.replace(/.{20}\n-----END/, '\n-----END') })).not.toContain(
      key.slice(40, 60),
    );
  });
});

test.each([
  'etcd://me:SECRET@e1/locks/',
  'etcd://me:SEC/SECRET@e1:2379/locks/',
  'etcd://me:123/SECRET@e1:2379/locks/',
  'etcd://me%3ASECRET%40e1/locks/',
  'https://me:SECRET@e1/locks/',
  'ETCD://me:SECRET@e1/locks/',
  'me:SECRET@e1',
])('no password stands in an error: %s', async (address) => {
  expect(await refusalOf(() => openLocks(address))).not.toContain('SEC');
  expect(await refusalOf(() => etcd({ endpoints: [address.replace('%40', '@')] }))).toContain('no password');
});
