import { createInterface } from 'node:readline';

/**
 * Lets the machine's host make calls, like test/fixtures/lock-agent.mjs: it takes one call a line on stdin, answers with one
 * line on stdout, and prints the number of this process first. Ends the process at the end of the input.
 * @param {Readonly<Record<string, (request: any) => unknown>>} calls
 */
export async function answerCalls(calls) {
  console.log(JSON.stringify({ pid: process.pid }));
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await answer(calls, JSON.parse(line))));
  }
  process.exit();
}

/**
 * @param {Readonly<Record<string, (request: any) => unknown>>} calls
 * @param {{ call: string }} request
 */
async function answer(calls, { call, ...request }) {
  try {
    return { value: (await calls[call]?.(request)) ?? null };
  } catch (error) {
    const { name, message, code } = /** @type {NodeJS.ErrnoException} */ (error);
    return { error: { name, message, code } };
  }
}
