// A program that is told lines and answers in lines, one at a time.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * @param {readonly string[]} command
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function talkTo([program = '', ...args], options = {}) {
  const child = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'inherit'] });
  // It may be gone before it reads.
  child.stdin.on('error', () => {});
  const lines = createInterface(child.stdout);
  /** @type {string[]} */
  const said = [];
  let isClosed = false;
  let wake = () => {};
  lines.on('line', (text) => {
    said.push(text);
    wake();
  });
  lines.once('close', () => {
    isClosed = true;
    wake();
  });
  /** @returns {Promise<string>} the next line, or that it ended */
  const line = async () => {
    for (;;) {
      const next = said.shift();
      if (next !== undefined) return next;
      if (isClosed) return 'ended';
      await new Promise((resolve) => {
        wake = () => resolve(undefined);
      });
    }
  };
  return {
    child,
    line,
    /** @param {string} text */
    ask(text) {
      child.stdin.write(`${text}\n`);
      return line();
    },
  };
}
