/** A name is one component of a path: `a/b` or nothing would lead elsewhere. @throws TypeError */
export function requireEntryName(name: string): string {
  if (name === '' || name.includes('/') || name.includes('\0')) {
    throw new TypeError(`not the name of a directory entry: ${JSON.stringify(name)}`);
  }
  return name;
}
