// Checks that a prebuild was compiled with the hardening of binding.gyp, whose traces can be seen in the file.

/**
 * @param elf as `readElf` returns it.
 * @returns what is missing.
 */
export function missingHardening({ imports, exports, segments, bindsNow }) {
  const names = [...imports.map(({ name }) => name), ...exports];
  const missing = [];
  if (!names.includes('__stack_chk_fail')) missing.push('has no stack protector (-fstack-protector-strong)');
  // The stack protector has a name of that kind as well.
  const checked = names.filter((name) => /^__(?!stack_)\w+_chk$/.test(name));
  if (checked.length === 0) missing.push('checks no buffers (-D_FORTIFY_SOURCE=2)');
  if (!segments.has('GNU_RELRO') || !bindsNow) {
    missing.push('has a table of addresses that can be written to (-z relro -z now)');
  }
  if (segments.get('GNU_STACK')?.includes('E') ?? true)
    missing.push('can run code on the stack (-z noexecstack)');
  return missing;
}
