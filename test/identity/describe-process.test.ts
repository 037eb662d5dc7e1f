import { expect, test } from 'vitest';
import { shortCommand } from '../../src/identity/describe-process.js';

test.each([
  ['/usr/bin/node /srv/app/server.js', 40, 'node /srv/app/server.js'],
  [
    '/usr/bin/node /srv/app/node_modules/.bin/kernel-identity run a.lock',
    30,
    'node kernel-identity run a.lo…',
  ],
  [
    '/usr/bin/node /srv/app/node_modules/.bin/kernel-identity run a.lock',
    36,
    'node kernel-identity run a.lock',
  ],
  ['/bin/sh /usr/local/lib/backup/nightly.sh --all', 24, 'sh nightly.sh --all'],
  ['/usr/bin/python3.12 /srv/a/b/c/d/e/f.py', 20, 'python3.12 f.py'],
  // The file is what cat reads, and -c takes a line and no script.
  ['/bin/cat /srv/very/long/path/to/a/file', 20, 'cat /srv/very/long/…'],
  ['/bin/sh -c /srv/very/long/path/to/a/file', 20, 'sh -c /srv/very/lon…'],
  ['/usr/bin/node --inspect /srv/very/long/a.js', 20, 'node --inspect /srv…'],
  ['[kworker/0:1-events]', 30, '[kworker/0:1-events]'],
])('the command %s in %i characters', (command, length, text) => {
  expect(shortCommand(command, length)).toBe(text);
});
