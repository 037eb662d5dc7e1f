/**
 * The word among `words` that the writer of `slip` most likely meant. null when none is near: at most one mistake in
 * three letters, of letters left out, put in, mistaken or swapped.
 */
export function nearest(slip: string, words: readonly string[]): string | null {
  let best: string | null = null;
  let fewest = Math.max(1, Math.floor(slip.length / 3));
  for (const word of words) {
    const mistakes = mistakesBetween(slip.toLowerCase(), word.toLowerCase(), fewest);
    if (mistakes > fewest || (best !== null && mistakes === fewest)) continue;
    best = word;
    fewest = mistakes;
  }
  return best;
}

/**
 * `did you mean 'timeout'?`, or, where no word is near, `the options are timeout, lease`.
 * @param kind what the words are: `options`.
 */
export function meantOrAll(slip: unknown, words: readonly string[], kind: string): string {
  const meant = typeof slip === 'string' ? nearest(slip, words) : null;
  return meant === null ? `the ${kind} are ${words.join(', ')}` : `did you mean '${meant}'?`;
}

/** The optimal string alignment distance of two words; Infinity where it is surely more than `limit`. */
function mistakesBetween(a: string, b: string, limit: number): number {
  // A hostile name may be long, and the distance takes time with the product of the lengths.
  if (Math.abs(a.length - b.length) > limit) return Number.POSITIVE_INFINITY;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const changed = at(last, column - 1) + (isSame ? 0 : 1);
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swapped = isSwap ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(at(last, column) + 1, at(current, column - 1) + 1, changed, swapped));
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] as number;
}
