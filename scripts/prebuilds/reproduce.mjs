// Compares a prebuilt file with what these sources give when they are compiled again. Nothing else proves where a file
// comes from: whoever can exchange it can also write any hash into it and into its manifest.
import { isDeepStrictEqual } from 'node:util';
import { entryOf, sha256 } from './manifest.mjs';
import { INSTALL_COMPILERS } from './targets.mjs';

/**
 * @param target of targets.mjs.
 * @param file `{ bytes, entry }`: the prebuilt file, and what its manifest says of it.
 * @param machine `{ versions, build }`: the compilers that are here, and a function that compiles for a target.
 * @returns what is wrong, and why the comparison could not be made. If both lists are empty, the file comes from these
 * sources.
 */
export function reproduction(target, { bytes, entry }, { versions, build }) {
  for (const [tool, wanted] of Object.entries(target.versions)) {
    if (versions[tool] === wanted) continue;
    const here = versions[tool] === null ? 'there is none here' : `here is ${versions[tool]}`;
    return {
      problems: [],
      skipped: [`not compiled again: the ${tool} must be ${wanted}, but ${here}: ${INSTALL_COMPILERS}`],
    };
  }
  let again;
  try {
    again = entryOf(build(target));
  } catch (error) {
    return { problems: [], skipped: [`not compiled again: ${error.message}`] };
  }
  const problems = [];
  if (again.sha256 !== sha256(bytes)) {
    problems.push(`does not come from these sources: they give a file of sha256 ${again.sha256}`);
  }
  if (!isDeepStrictEqual(again, entry)) {
    problems.push(`is not what the manifest says: compiled again it is ${JSON.stringify(again)}`);
  }
  return { problems, skipped: [] };
}
