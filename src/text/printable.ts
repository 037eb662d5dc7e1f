/**
 * Control characters, invisible and direction-changing format characters, lone surrogates, private use, and the line
 * separators: what a terminal may act upon, or what makes text look like other text. Labels, host names and file
 * names come from strangers.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** Text for a terminal, with everything unprintable written as an escape: `\n`, `\u{1b}`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
  });
}

/** 2-space JSON, equal in value to what JSON.stringify gives, with nothing unprintable in it but its line ends. */
export function printableJson(value: unknown): string {
  // JSON.stringify itself lets DEL, the C1 controls and the format characters through.
  return JSON.stringify(value, null, 2).replace(UNPRINTABLE, (character) =>
    character === '\n' ? character : escapeUnits(character),
  );
}

function escapeUnits(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
