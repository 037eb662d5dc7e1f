import { describe, expect, test } from 'vitest';
import { errorOf, isFinal, readAnswer } from '../../src/engine/etcd/answers.js';

const ADDRESS = 'etcd://host:2379/locks/';
const UNAVAILABLE = 'ERR_ENGINE_UNAVAILABLE';
const DENIED = 'ERR_ENGINE_DENIED';

/** What a caller gets for an answer of the server. */
function refused(status: number, body: string | object) {
  try {
    readAnswer({ status, text: typeof body === 'string' ? body : JSON.stringify(body) });
  } catch (error) {
    const { code, message } = errorOf(error, ADDRESS);
    return { code, message, isFinal: isFinal(error) };
  }
  throw new Error('it was taken for an answer');
}

describe('answers of a gateway', () => {
  test('JSON is read', () => {
    expect(readAnswer({ status: 200, text: '{"ID":"1"}' })).toEqual({ ID: '1' });
  });

  test.each([
    ['a gateway that is off', 404, '404 page not found', UNAVAILABLE, /enable-grpc-gateway: true/, true],
    ['a CN', 400, 'CommonName of client sending a request', DENIED, /CN is empty/, true],
    ['TLS', 400, 'Client sent an HTTP request to an HTTPS server.', UNAVAILABLE, /etcds:/, true],
    ['no user', 400, { error: 'etcdserver: user name is empty', code: 3 }, DENIED, /give a user/, true],
    ['a wrong password', 400, { error: 'authentication failed', code: 3 }, DENIED, /authentication/, true],
    ['no right', 403, { error: 'etcdserver: permission denied', code: 7 }, DENIED, /role needs/, true],
    [
      'a full database',
      429,
      { error: 'database space exceeded', code: 8 },
      UNAVAILABLE,
      /alarm disarm/,
      true,
    ],
    [
      'a busy server',
      429,
      { error: 'etcdserver: too many requests', code: 8 },
      UNAVAILABLE,
      /too many/,
      false,
    ],
    [
      'no leader',
      503,
      { error: 'etcdserver: no leader', code: 14 },
      UNAVAILABLE,
      /leader; does a maj/,
      false,
    ],
    ['a proxy', 502, '<html>bad gateway</html>', UNAVAILABLE, /502: <html>.*; is a proxy or/, false],
    ['nothing', 200, '', UNAVAILABLE, /an empty answer; is a proxy or/, false],
    ['another value', 200, '[1]', UNAVAILABLE, /200/, false],
    ['an error that is no text', 500, { error: { code: 'x', message: 7 } }, UNAVAILABLE, /7; is a/, false],
    ['a page', 200, `<p>\u001b[31m\n${'x'.repeat(999)}`, UNAVAILABLE, /<p> \[31m x{160,190}\.\.\.;/, false],
    [
      'an essay',
      503,
      { error: `no\r\nleader ${'x'.repeat(999)}`, code: 14 },
      UNAVAILABLE,
      /no lea.*\.\.\.; d/,
      false,
    ],
  ])('%s is said in words', (_, status, body, code, words, final) => {
    const error = refused(status, body);
    expect(error).toMatchObject({ code, isFinal: final });
    expect(error.message).toMatch(words);
  });

  test('a server that hangs up may want TLS, and a certificate that nobody trusts is final', () => {
    const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    expect(errorOf(reset, ADDRESS).message).toContain('etcds://');
    expect(errorOf(reset, 'etcds://host:2379/locks/').message).toContain(
      'if the server has no TLS, write etcd://',
    );
    const untrusted = Object.assign(new Error('self-signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect([errorOf(untrusted, ADDRESS).code, isFinal(untrusted), isFinal(reset)]).toEqual([
      DENIED,
      true,
      false,
    ]);
  });

  test.each([
    ['connect ECONNREFUSED ::1:2379', 'ECONNREFUSED', UNAVAILABLE, /2379, tried for 15 s; is etcd running/],
    ['', 'ECONNREFUSED', UNAVAILABLE, /used: ECONNREFUSED, tried for 15 s; is etcd running/],
    ['getaddrinfo ENOTFOUND e1', 'ENOTFOUND', UNAVAILABLE, /is the address right/],
    ['no answer within 2000 ms', 'ETIMEDOUT', UNAVAILABLE, /ms, tried for 15 s; is etcd running/],
    ['connect EMFILE', 'EMFILE', UNAVAILABLE, /ulimit -n/],
    [
      'write EPROTO 80:error:0A00010B:SSL routines:f:wrong version number:a.c:3:\n',
      'EPROTO',
      UNAVAILABLE,
      /used: TLS: wrong version number, tried for 15 s; if the server has no TLS/,
    ],
    [
      '80:error:0A00010B:SSL routines:f:wrong version number:a.c:3:\n',
      'ERR_SSL_WRONG_VERSION_NUMBER',
      UNAVAILABLE,
      /no TLS, write etcd:/,
    ],
    [
      'unable to verify the first certificate',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      DENIED,
      /as tls\.ca, or as the file ETCDCTL_CACERT/,
    ],
    ['self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT', DENIED, /as tls\.ca/],
    ['certificate has expired', 'CERT_HAS_EXPIRED', DENIED, /renew it/],
    [
      'Host: a. is not in the altnames',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      DENIED,
      /a name that the certificate/,
    ],
    [
      '80:error:0A00045C:SSL routines:f:tlsv13 alert certificate required:a.c:3:\n',
      'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      DENIED,
      /required; the server wants a client certificate: .*ETCDCTL_CERT/,
    ],
    [
      '80:error:0A000412:SSL routines:f:sslv3 alert bad certificate:a.c:3:\n',
      'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
      DENIED,
      /bad certificate; the server does not accept/,
    ],
    [
      '80:error:0A000418:SSL routines:f:tlsv1 alert unknown ca:a.c:3:\n',
      'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
      DENIED,
      /unknown ca; the server does not accept/,
    ],
  ])('what to do stands in the error: %s (%s)', (message, cause, code, words) => {
    const error = errorOf(
      Object.assign(new Error(message), { code: cause }),
      'etcds://host:2379/locks/',
      15_040,
    );
    expect(error.code).toBe(code);
    expect(error.message).toMatch(words);
    expect(error.message).not.toMatch(/[\r\n]/);
  });
});
