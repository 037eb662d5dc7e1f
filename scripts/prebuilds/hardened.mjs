// Checks that a prebuild was compiled with the hardening of binding.gyp, whose traces can be seen in the file.

/**
 * @param elf as `readElf` returns it.
 * @returns what is missing.
 */
export function missingHardening({ references, segments, bindsNow }) {
  const missing = [];
  if (!references.has('__stack_chk_fail')) missing.push('has no stack protector (-fstack-protector-strong)');
  // native/linux/hardening.cc exports such a function, so only the calls of one show that buffers are checked.
  if (![...references].some((name) => /^__\w+_chk$/.test(name))) {
    missing.push('checks no buffers (-D_FORTIFY_SOURCE=2)');
  }
  if (!segments.has('GNU_RELRO') || !bindsNow) {
    missing.push('has a table of addresses that can be written to (-z relro -z now)');
  }
  if (segments.get('GNU_STACK')?.includes('E') ?? true)
    missing.push('can run code on the stack (-z noexecstack)');
  return missing;
}
