/** @typedef {() => void | Promise<void>} Undo */

/** @type {Undo[]} */
const undos = [];

/**
 * Undoes something when the part ends, whatever its outcome, the latest first. Processes and mounts of a part
 * end by themselves (see ../README.md), so this is for other things that the kernel keeps, such as a loop
 * device.
 * @param {Undo} undo
 */
export function onCleanup(undo) {
  undos.push(undo);
}

/** Undoes everything. The frame calls this. */
export async function cleanUp() {
  for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) {
    try {
      await undo();
    } catch (error) {
      console.error('cleanup:', error);
      process.exitCode = 1;
    }
  }
}
