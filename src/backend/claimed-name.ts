const CLAIMED = /^claimed\.[0-9a-f]{32}$/;

/**
 * The name of owner.json between the two renames that retire it, while it is compared with the file that was
 * judged. It is judged as if it were still called owner.json, by everybody.
 */
export function claimedName(nonce: string): string {
  return `claimed.${nonce}`;
}

export function isClaimedName(name: string): boolean {
  return CLAIMED.test(name);
}

/** The pattern of such names, for a program that is text. */
export const CLAIMED_PATTERN = CLAIMED.source;
