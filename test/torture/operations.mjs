// Stands between the built package and its backend's file operations: to be killed before any of them, to see that
// nothing is deleted that was not judged, and to judge falsely.
import { readFileSync } from 'node:fs';

const CHANGING = ['mkdirAt', 'renameAt', 'renameNoReplaceAt', 'unlinkAt', 'rmdirAt', 'write'];

/** Ends this process by SIGKILL before its n-th operation that changes anything. */
export function dieBeforeOperation(n, { files }) {
  let left = n;
  for (const name of CHANGING) {
    const call = files[name].bind(files);
    files[name] = (...args) => {
      left -= 1;
      if (left <= 0) process.kill(process.pid, 'SIGKILL');
      return call(...args);
    };
  }
}

/** Makes every owner but this process look dead. */
export function judgeAllDead({ witness }) {
  const test = witness.test.bind(witness);
  const take = witness.take.bind(witness);
  // The acquirer looks at its own witness once, right after it took it.
  let isOwn = false;
  witness.take = (fd) => {
    take(fd);
    isOwn = true;
  };
  witness.test = (fd, type) => {
    const answer = isOwn ? test(fd, type) : 'free';
    isOwn = false;
    return answer;
  };
}

/**
 * Reports each deletion that is not covered by a look: an owner.json renamed or deleted in a directory in which another
 * one had been read, or none; and a directory removed that this process does not hold open at that moment.
 */
export function watchDeletions({ files }, fault) {
  /** Descriptor of a directory -> inode of the owner.json that was read in it, or null. */
  const judged = new Map();
  /** Descriptor of an owner.json -> descriptor of its directory. */
  const inside = new Map();
  const original = {};
  for (const name of [
    'openDirectoryAt',
    'findDirectoryAt',
    'openAt',
    'read',
    'close',
    'renameAt',
    'unlinkAt',
    'rmdirAt',
    'mkdirAt',
  ]) {
    original[name] = files[name].bind(files);
  }
  files.openDirectoryAt = (parent, name) => {
    const directory = original.openDirectoryAt(parent, name);
    judged.set(directory, null);
    return directory;
  };
  files.findDirectoryAt = (parent, name) => {
    const directory = original.findDirectoryAt(parent, name);
    if (directory !== null) judged.set(directory, null);
    return directory;
  };
  files.openAt = (directory, name, mode) => {
    const file = original.openAt(directory, name, mode);
    if (name === 'owner.json' || mode === 'create') inside.set(file, directory);
    if (mode === 'create') judged.set(directory, inodeOf(file));
    return file;
  };
  files.read = (file, limit) => {
    const content = original.read(file, limit);
    if (inside.has(file)) judged.set(inside.get(file), inodeOf(file));
    return content;
  };
  files.close = (descriptor) => {
    judged.delete(descriptor);
    inside.delete(descriptor);
    return original.close(descriptor);
  };
  files.renameAt = (from, name, to, target) => {
    if (name === 'owner.json') expectJudged(from, 'rename');
    return original.renameAt(from, name, to, target);
  };
  files.unlinkAt = (directory, name) => {
    if (name === 'owner.json') expectJudged(directory, 'unlink');
    else if (!/^(retired\.[0-9a-f]{32}|owner\.json\.new)$/.test(name)) fault(`unlink of ${name}`);
    return original.unlinkAt(directory, name);
  };
  files.rmdirAt = (parent, name) => {
    const standing = inodeAt(parent, name);
    const held = [...judged.keys()].some((directory) => inodeOrNull(directory) === standing);
    if (standing !== null && !held) fault(`rmdir of ${name}, which was not looked at`);
    return original.rmdirAt(parent, name);
  };

  function expectJudged(directory, what) {
    const standing = inodeAt(directory, 'owner.json');
    if (standing === null) return;
    if (judged.get(directory) !== standing)
      fault(`${what} of an owner.json that was not judged: ${textOf(directory)}`);
  }

  function inodeOf(descriptor) {
    const { device, inode } = files.statDescriptor(descriptor);
    return `${device}:${inode}`;
  }

  /** null: closed meanwhile, by a way that leads past here. */
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
}

function textOf(directory) {
  try {
    return readFileSync(`/proc/self/fd/${directory}/owner.json`, 'utf8');
  } catch {
    return 'gone';
  }
}
