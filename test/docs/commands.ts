import { COMMANDS } from '../../src/cli/commands.js';

/** The commands of the program, as it lists them itself, with their help. */
export function commands(): Promise<{ readonly name: string; readonly help: string }[]> {
  return Promise.all(COMMANDS.map(async ({ name, load }) => ({ name, help: (await load()).help })));
}

/** The options that a help text names. */
export function optionsOf(help: string): string[] {
  return [...new Set(help.match(/(?<![\w-])(--[a-z][a-z-]*|-[a-zA-Z](?![\w-]))/g) ?? [])];
}
