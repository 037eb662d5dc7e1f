import { isatty } from 'node:tty';
import { styleText } from 'node:util';
import { type Paint, plain, type Tone } from './format/paint.js';

type Style = 'bold' | 'green' | 'yellow' | 'dim';

const STYLES: Readonly<Record<Tone, Style>> = {
  heading: 'bold',
  good: 'green',
  caution: 'yellow',
  quiet: 'dim',
};

/** Colours for stdout, or plain text where colours are not wanted. */
export function stdoutPaint(): Paint {
  // styleText must not validate its stream, because it would open process.stdout, which output.ts avoids.
  return wantsColour(process.env, isatty(1))
    ? (tone, text) => styleText(STYLES[tone], text, { validateStream: false })
    : plain;
}

/**
 * FORCE_COLOR decides first, read as Node reads it (tty.WriteStream.getColorDepth), then NO_COLOR
 * (no-color.org), then whether stdout is a terminal.
 */
export function wantsColour(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env.FORCE_COLOR !== undefined) return ['', '1', 'true', '2', '3'].includes(env.FORCE_COLOR);
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  return isTerminal && env.TERM !== 'dumb';
}
