import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellQuoted } from '../../src/text/shell-quote.js';
import { hasProgram, testRequiring } from '../helpers/requirements.js';

const WORDS = [
  '/run/a.lock',
  'x y',
  "it's",
  '$(reboot)',
  '`id`',
  'a\\b',
  '',
  '*',
  '-r',
  'ü.lock',
  'red\u001b[31m.lock',
  "it's\nnew\\line",
  '\u001b[0;7',
  '\u202egnp.lock',
  '\u007f\u009b1',
];

testRequiring([hasProgram('bash')], 'bash reads every word back as it was', () => {
  const line = `printf '%s\\0' ${WORDS.map(shellQuoted).join(' ')}`;
  expect(execFileSync('bash', ['-c', line], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(WORDS);
});

test('no word holds a character on which a terminal acts', () => {
  for (const word of WORDS) expect(shellQuoted(word)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

test('a plain word is not quoted', () => {
  expect(shellQuoted('/run/a.lock')).toBe('/run/a.lock');
  expect(shellQuoted('x y')).toBe("'x y'");
  expect(shellQuoted('a\u001bb')).toBe("$'a\\033b'");
});
