// Builds the library as two files: index.cjs with what nearly every program needs, and index-rest.cjs with the rooms below,
// which it loads when one of their functions is called for the first time. Node compiles a file in a time that grows with
// its length, used or not, and the library has grown by formats, diagnostics and systems that most programs never meet.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';

/**
 * Modules of src/ that are loaded late, with all that only they import. What acquire, release and selfIdentity need, and
 * the judgement of an owner with an identity, is never among them: it must not depend on a file that can be missing later.
 */
const LATE = [
  // Systems and machines where the addon of Linux does not load.
  'backend/procfs/index',
  'backend/portable/index',
  'backend/thin/index',
  'backend/thin/proven',
  // Locks, files and records of other programs.
  'formats/directory-entry',
  'formats/foreign-lock',
  'lock/protocol/file-at-path',
  'judge/strangers/table',
  'judge/strangers/live-observation',
  'record/row-by-keys',
  // What few programs call.
  'dump/dump',
  'engine/open-locks',
  'identity/list-lifelines',
  'lock/holder-text',
  'lock/inherited-lock',
  'lock/reclaim',
  'lock/search-users',
].map((name) => `src/${name}.ts`);

/** The module through which the first part finds the second, and the mark of a module that stands in the first. */
const LOADER = 'src/second-part.ts';
const FIRST = 'first:';
/** Stands in both files until the hash of both texts takes its place. */
const BUILD = '@build@';

/**
 * @param library `root`: the folder of the project; `entry`: the module of the library, relative to it; `exports`: what it
 * exports; `second`: the name of the second file, which stands beside the first; `options` of esbuild for both.
 * @returns the texts of both files.
 */
export async function buildTwoParts(library) {
  const { root, second, options } = library;
  const bundle = async (contents, plugin, more) => {
    const stdin = { contents, resolveDir: root };
    const plugins = [...(options.plugins ?? []), plugin];
    const { outputFiles, metafile } = await build({
      ...options,
      ...more,
      stdin,
      plugins,
      external: [`./${second}`],
      metafile: true,
      write: false,
    });
    return { text: outputFiles[0].text, inputs: Object.keys(metafile.inputs) };
  };
  const stubs = stubsOf(root);
  const { inputs } = await bundle(firstEntry(library, new Map()), stubs);
  // A module that both parts import belongs to the first, so that there is one of it, with one state.
  const shared = new Set(inputs.filter((path) => !LATE.includes(path)));
  const rest = await bundle(restEntry(root), inFirst(root, shared), wrapped(options.banner.js));
  const { text, names } = fromFirst(rest.text);
  const first = await bundle(firstEntry(library, names), stubs);
  const hash = createHash('sha256').update(first.text).update(text).digest('hex').slice(0, 16);
  return { first: first.text.replaceAll(BUILD, hash), rest: text.replaceAll(BUILD, hash) };
}

/** @param names what the second part needs of the first: exports, by module. */
function firstEntry({ entry, exports, second }, names) {
  const imports = [];
  const shared = [];
  for (const [path, exports] of names) {
    const given = exports.map((name, index) => [name, `shared${imports.length}_${index}`]);
    imports.push(
      `import { ${given.map(([name, as]) => `${name} as ${as}`).join(', ')} } from './${path}';\n`,
    );
    shared.push(`'${path}': { ${given.map(([name, as]) => `${name}: ${as}`).join(', ')} },\n`);
  }
  return (
    `import { partOf, setLoader } from './${LOADER}';\n${imports.join('')}` +
    `setLoader(() => partOf(() => require('./${second}'), '${BUILD}', {\n${shared.join('')}}));\n` +
    // A getter for each export, as esbuild makes them, takes 0.2 ms of every start.
    `import { ${exports.join(', ')} } from './${entry}';\n` +
    `module.exports = Object.defineProperty({ ${exports.join(', ')} }, '__esModule', { value: true });\n`
  );
}

function restEntry(root) {
  const namesIn = (path) => functionsOf(root, path).map(({ name }) => name);
  return LATE.map((path) => `export { ${namesIn(path).join(', ')} } from './${path}';\n`).join('');
}

/** The second file exports a function that gets what stands in the first, since no file can import a part of another. */
function wrapped(banner) {
  const head = `exports.build = '${BUILD}';\nexports.make = (first) => {\nconst module = { exports: {} };`;
  return { banner: { js: `${banner}\n${head}` }, footer: { js: 'return module.exports;\n};' } };
}

/** Gives the first part, in place of each late module, functions of the same names that call it. */
function stubsOf(root) {
  return {
    name: 'late modules',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const late = relative(root, path);
        if (!LATE.includes(late)) return undefined;
        const calls = functionsOf(root, late).map(
          ({ name, async }) =>
            `export const ${name} = ${async} (...given) => secondPart().${name}(...given);\n`,
        );
        return { contents: `import { secondPart } from '${join(root, LOADER)}';\n${calls.join('')}` };
      });
    },
  };
}

/** Leaves to the first part the modules that it has. */
function inFirst(root, shared) {
  return {
    name: 'modules of the first part',
    setup({ onResolve }) {
      onResolve({ filter: /^\..*\.js$/ }, ({ path, resolveDir }) => {
        const module = relative(root, join(resolveDir, path.replace(/js$/, 'ts')));
        return shared.has(module) ? { path: `${FIRST}${module}`, external: true } : undefined;
      });
    },
  };
}

/** Makes each module of the first part a property of `first`, and lists what is used of it. */
function fromFirst(bundled) {
  const names = new Map();
  const text = bundled.replace(/^var (\w+) = require\("first:([^"]+)"\);$/gm, (_, variable, path) => {
    const used = bundled.matchAll(new RegExp(`\\b${variable}\\.(\\w+)`, 'g'));
    const before = names.get(path) ?? [];
    names.set(path, [...new Set([...before, ...[...used].map(([, name]) => name)])]);
    return `var ${variable} = first["${path}"];`;
  });
  if (text.includes(`require("${FIRST}`))
    throw new Error('a module of the first part is required in another way');
  return { text, names };
}

/**
 * The exported functions of a late module, by name; `async` is that word or the empty text. Whatever else the module
 * exports, the first part must not import.
 */
function functionsOf(root, path) {
  const source = readFileSync(join(root, path), 'utf8');
  const found = [...source.matchAll(/^export (async )?function (\w+)/gm)];
  return [...new Map(found.map(([, async = '', name]) => [name, { name, async }])).values()];
}
