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
    ['a full database', 429, { error: 'database space exceeded', code: 8 }, UNAVAILABLE, /exceeded/, true],
    ['no leader', 503, { error: 'etcdserver: no leader', code: 14 }, UNAVAILABLE, /no leader/, false],
    ['a proxy', 502, '<html>bad gateway</html>', UNAVAILABLE, /502/, false],
    ['nothing', 200, '', UNAVAILABLE, /an empty answer/, false],
    ['another value', 200, '[1]', UNAVAILABLE, /200/, false],
    ['an error that is no text', 500, { error: { code: 'x', message: 7 } }, UNAVAILABLE, /7/, false],
  ])('%s is said in words', (_, status, body, code, words, final) => {
    const error = refused(status, body);
    expect(error).toMatchObject({ code, isFinal: final });
    expect(error.message).toMatch(words);
  });

  test('a server that hangs up may want TLS, and a certificate that nobody trusts is final', () => {
    const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    expect(errorOf(reset, ADDRESS).message).toContain('etcds://');
    expect(errorOf(reset, 'etcds://host:2379/locks/').message).not.toContain('write');
    const untrusted = Object.assign(new Error('self-signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect([errorOf(untrusted, ADDRESS).code, isFinal(untrusted), isFinal(reset)]).toEqual([
      DENIED,
      true,
      false,
    ]);
  });
});
