// Wraps the backend's file operations of the built package, to check that nothing is deleted that was not
// judged.

const NONCE = '[0-9a-f]{32}';
const RETIRED_OR_NEW = new RegExp(`^(retired\\.${NONCE}|owner\\.json\\.new)$`);
const CLAIMED = new RegExp(`^claimed\\.${NONCE}$`);

/** The names under which a record is judged. */
const isRecord = (name) => name === 'owner.json' || CLAIMED.test(name);

/**
 * Reports each deletion that is not covered by a read: an owner.json retired or deleted in a directory in
 * which another one was read, or none; an owner.json renamed to anything but a claimed name; a claimed one
 * deleted while the process that claimed it may still give it back; and a directory removed that this process
 * does not hold open at that moment.
 * @param grace ms for which a claimed owner.json is left alone.
 */
export function watchDeletions({ files }, grace, fault) {
  /** Maps the descriptor of a directory to the inode of the owner.json that was read in it, or to null. */
  const judged = new Map();
  /** Maps the descriptor of an owner.json to the descriptor of its directory. */
  const inside = new Map();
  const original = {};
  for (const name of [
    'findDirectoryAt',
    'openAt',
    'createAt',
    'openText',
    'read',
    'readText',
    'close',
    'closeIfStill',
    'renameAt',
    'unlinkAt',
    'rmdirAt',
    'rmdirIfAt',
    'mkdirAt',
    'createDirectoryAt',
  ]) {
    original[name] = files[name].bind(files);
  }
  files.createDirectoryAt = (parent, name) => {
    const created = original.createDirectoryAt(parent, name);
    judged.set(created.descriptor, null);
    return created;
  };
  files.findDirectoryAt = (parent, name) => {
    const directory = original.findDirectoryAt(parent, name);
    if (directory !== null) judged.set(directory, null);
    return directory;
  };
  files.openAt = (directory, name) => {
    const file = original.openAt(directory, name);
    if (isRecord(name)) inside.set(file, directory);
    return file;
  };
  files.createAt = (directory, name) => {
    const created = original.createAt(directory, name);
    inside.set(created.descriptor, directory);
    judged.set(directory, inodeOf(created.descriptor));
    return created;
  };
  files.openText = (directory, name, limit) => {
    const opened = original.openText(directory, name, limit);
    if (opened !== null && isRecord(name)) {
      inside.set(opened.descriptor, directory);
      judged.set(directory, inodeOf(opened.descriptor));
    }
    return opened;
  };
  for (const read of ['read', 'readText']) {
    files[read] = (file, limit) => {
      const content = original[read](file, limit);
      if (inside.has(file)) judged.set(inside.get(file), inodeOf(file));
      return content;
    };
  }
  for (const close of ['close', 'closeIfStill']) {
    files[close] = (descriptor, ...identity) => {
      judged.delete(descriptor);
      inside.delete(descriptor);
      return original[close](descriptor, ...identity);
    };
  }
  files.renameAt = (from, name, to, target) => {
    // What is claimed is compared with what was judged, and given back if it is something else.
    if (name === 'owner.json' && !CLAIMED.test(target)) fault(`rename of owner.json to ${target}`);
    const retires = isRecord(name) && !isRecord(target);
    if (retires) expectJudged(from, name, 'rename');
    original.renameAt(from, name, to, target);
    // A path alone could lead to another lock that came in between.
    if (retires) expectJudged(to, target, `rename to ${target}`);
  };
  files.unlinkAt = (directory, name) => {
    if (name === 'owner.json') expectJudged(directory, name, 'unlink');
    else if (CLAIMED.test(name)) expectAbandoned(directory, name);
    else if (!RETIRED_OR_NEW.test(name)) fault(`unlink of ${name}`);
    return original.unlinkAt(directory, name);
  };
  files.rmdirAt = (parent, name) => {
    expectHeld(parent, name);
    return original.rmdirAt(parent, name);
  };
  files.rmdirIfAt = (parent, name, directory) => {
    if (!judged.has(directory)) fault(`rmdir of ${name} by a directory that was not looked at`);
    return original.rmdirIfAt(parent, name, directory);
  };

  function expectHeld(parent, name) {
    const standing = inodeAt(parent, name);
    const held = [...judged.keys()].some((directory) => inodeOrNull(directory) === standing);
    if (standing !== null && !held) fault(`rmdir of ${name}, which was not looked at`);
  }

  function expectJudged(directory, name, what) {
    const standing = inodeAt(directory, name);
    if (standing === null || judged.get(directory) === standing) return;
    fault(`${what} of an owner.json that was not judged: ${textOf(directory, name)}`);
  }

  function expectAbandoned(directory, name) {
    // It was given back: the file has both names.
    if (inodeAt(directory, name) === inodeAt(directory, 'owner.json')) return;
    const age = Date.now() - files.statDescriptor(directory).mtimeMs;
    if (age >= grace || inodeAt(directory, name) === null) return;
    fault(`unlink of ${name} after ${Math.round(age)} ms`);
  }

  function inodeOf(descriptor) {
    const { device, inode } = files.statDescriptor(descriptor);
    return `${device}:${inode}`;
  }

  /** null when it was closed meanwhile by a call that is not wrapped here. */
  function inodeOrNull(descriptor) {
    try {
      return inodeOf(descriptor);
    } catch {
      return null;
    }
  }

  function inodeAt(directory, name) {
    try {
      const { device, inode } = files.statAt(directory, name);
      return `${device}:${inode}`;
    } catch {
      return null;
    }
  }

  function textOf(directory, name) {
    try {
      const file = original.openAt(directory, name);
      try {
        return original.read(file, 4096).toString();
      } finally {
        original.close(file);
      }
    } catch {
      return 'gone';
    }
  }
}
