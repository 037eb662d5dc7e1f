// An addon that leaks in each way that must be noticed.
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCE = 'native/binding/processes.cc';

/**
 * @typedef {object} Leak
 * @property {string} what
 * @property {string} from text that the source holds exactly once
 * @property {string} more what comes after it
 * @property {RegExp} said of it when it is found
 */

/** @type {readonly Leak[]} */
export const PLANTED = [
  {
    what: 'memory that is lost',
    from: '  system::BootId boot_id;\n',
    more: '  static char* volatile last;\n  last = new char[8];\n  static_cast<void>(last);\n',
    said: /leak of \d+ byte.*\n.*operator new.*\n.*BootId/,
  },
  {
    what: 'a reference of Node-API',
    from: '  system::PidNamespace pid_namespace;\n',
    more: '  napi_ref kept = nullptr;\n  napi_create_reference(env, Napi::Object::New(env), 1, &kept);\n',
    said: /leak of \d+ byte.*\n.*operator new.*\n.*napi_create_reference.*\n.*PidNamespace/,
  },
  {
    what: 'a descriptor, now and then',
    from: '  system::ProcStat stat;\n',
    more: '  static int calls = 0;\n  if (++calls % 100 == 0) static_cast<void>(system::OpenPidfd(pid));\n',
    said: /stat: \d+ descriptors more/,
  },
  {
    what: 'memory that is kept',
    from: '  system::TimeOffset offset;\n',
    more: '  struct Link {\n    Link* next;\n  };\n  static Link* volatile chain = nullptr;\n  chain = new Link{chain};\n',
    said: /timeOffset: \d+ bytes more/,
  },
];

/**
 * @param {string} root of the project, whose addon is built
 * @param {string} copy where to
 * @returns {string} the addon
 */
export function buildLeaky(root, copy) {
  for (const name of ['native', 'build', 'scripts', 'binding.gyp', 'package.json']) {
    // make goes by the times.
    cpSync(join(root, name), join(copy, name), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const path = join(copy, SOURCE);
  let source = readFileSync(path, 'utf8');
  for (const { what, from, more } of PLANTED) {
    if (source.split(from).length !== 2) throw new Error(`${SOURCE} has no one place for ${what}`);
    source = source.replace(from, () => from + more);
  }
  writeFileSync(path, source);
  const { status, stderr } = spawnSync('make', ['-C', join(copy, 'build'), 'BUILDTYPE=Release'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the leaky addon does not compile: ${stderr}`);
  return join(copy, 'build/Release/kernel_identity.node');
}
