// Finds what a workflow runs that somebody else could exchange: actions and images that are not named by their hash,
// and machines that are called "latest".

/** @returns `line: what is wrong` for each line of the workflow that has such a name. */
export function movableNames(workflow) {
  return workflow.split('\n').flatMap((line, index) => {
    const [code] = line.split(/(?:^|\s)#/, 1);
    return problemsOf(code, line).map((problem) => `line ${index + 1}: ${problem}`);
  });
}

function problemsOf(code, line) {
  const problems = [];
  const [, used] = /\buses:\s*(\S+)/.exec(code) ?? [];
  if (used !== undefined && !used.startsWith('./')) {
    if (!/^[\w./-]+@[\da-f]{40}$/.test(used)) problems.push(`${used} is not named by a commit`);
    // Nobody can read a hash, and Dependabot changes the two together.
    else if (!/#\s*v\d+\.\d+\.\d+\s*$/.test(line)) problems.push(`${used} has no comment with its version`);
  }
  const [, image] = /\b(?:image|container):\s*['"]?([^\s'"]+)/.exec(code) ?? [];
  const images = [image, ...(code.match(/\b(?:node|debian|alpine|ubuntu):[\w.-]+(?:@\S*)?/g) ?? [])];
  for (const name of new Set(images)) {
    if (name === undefined || name.startsWith('${{')) continue;
    if (!/@sha256:[\da-f]{64}['"]?$/.test(name)) problems.push(`${name} is not named by a digest`);
  }
  if (/\b[\w.]+-latest\b/.test(code)) problems.push('a machine that is called latest becomes another one');
  return problems;
}
