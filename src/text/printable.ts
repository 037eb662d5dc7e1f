/**
 * Replaces control characters, invisible and direction-changing format characters, lone surrogates, private use, and the
 * line separators. A terminal may act upon them, or they make text look like other text. Labels, host names and file
 * names come from strangers, so they may hold any of these.
 */
export function replaceUnprintable(text: string, replace: (character: string) => string): string {
  // The pattern is prepared at the first call, which many processes never make.
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, replace);
}

/** Makes text safe for a terminal: everything unprintable becomes an escape such as `\n` or `\u{1b}`. */
export function printable(text: string): string {
  return replaceUnprintable(text, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
  });
}

/**
 * Formats a value as JSON.stringify does, but escapes everything unprintable other than its line ends.
 * @param spaces of indentation; 0: all in one line.
 */
export function printableJson(value: unknown, spaces = 2): string {
  // JSON.stringify itself does not escape DEL, the C1 controls and the format characters.
  return replaceUnprintable(JSON.stringify(value, null, spaces), (character) =>
    character === '\n' ? character : escapeUnits(character),
  );
}

/** JSON has no escape for a whole code point, so each UTF-16 unit gets one. */
function escapeUnits(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
