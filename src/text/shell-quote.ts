import { replaceUnprintable } from './printable.js';

/**
 * Formats `text` as one word that a shell reads back as the same text. A word that needs no quotes gets none. One with
 * control characters in it needs the form $'...', which bash, zsh, ksh and busybox know, because a terminal would act
 * upon the characters themselves.
 */
export function shellQuoted(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (replaceUnprintable(text, () => '') === text) return `'${text.replaceAll("'", `'\\''`)}'`;
  return `$'${replaceUnprintable(text.replace(/[\\']/g, '\\$&'), escapeBytes)}'`;
}

/** Three octal digits for each byte, because more digits after `\x` would count as part of the number in some shells. */
function escapeBytes(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}
