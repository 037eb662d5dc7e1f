/**
 * A key that a JSON text gives twice in one object, of which JSON.parse keeps the last value only. null when there is none.
 * @param json a text that JSON.parse accepts.
 */
export function repeatedKeyIn(json: string): string | null {
  const open: Set<string>[] = [];
  let lastText = '';
  for (let index = 0; index < json.length; index++) {
    const character = json[index];
    if (character === '{' || character === '[') open.push(new Set());
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfText(json, index);
      lastText = json.slice(index, end + 1);
      index = end;
    } else if (character === ':') {
      const key = JSON.parse(lastText) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return null;
}

/** The index of the quotation mark that ends the text which begins at `start`. */
function endOfText(json: string, start: number): number {
  let index = start + 1;
  while (json[index] !== '"') index += json[index] === '\\' ? 2 : 1;
  return index;
}
