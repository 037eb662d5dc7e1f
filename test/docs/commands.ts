import type { Command } from '../../src/cli/command.js';
import { read } from './pages.js';

/** The commands of the program, as it lists them itself. */
export async function commands(): Promise<Command[]> {
  const imports = read('src/cli/program.ts').matchAll(
    /^import \{ (\w+Command) \} from '\.\/([\w-]+)\.js';$/gm,
  );
  return Promise.all(
    [...imports].map(async ([, name, file]) => (await import(`../../src/cli/${file}.ts`))[name as string]),
  );
}

/** The options that a help text names. */
export function optionsOf(help: string): string[] {
  return [...new Set(help.match(/(?<![\w-])(--[a-z][a-z-]*|-[a-zA-Z](?![\w-]))/g) ?? [])];
}
