/**
 * Fills `bytes` from Node's own random generator, for backends that have none. Node takes about 5 ms to load that
 * module, a third of what the first lock of a process takes, so it is loaded only here.
 */
export function fillRandomByNode(bytes: Uint8Array): void {
  process.getBuiltinModule('node:crypto').randomFillSync(bytes);
}
