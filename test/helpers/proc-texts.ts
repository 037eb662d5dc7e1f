import { readFileSync } from 'node:fs';

/** The files under /proc that both backends parse. */
export const PROC_FILES = ['stat', 'status', 'timens_offsets', 'boot_id'] as const;
export type ProcFile = (typeof PROC_FILES)[number];

export interface ProcText {
  readonly what: string;
  /** The bytes; each character of the list stands for one byte. */
  readonly text: Buffer;
  /** The value that every parser must read from the text; null: every parser must refuse it. */
  readonly value: unknown;
}

/** Texts that test/backend gives to the parsers of the procfs backend, and test/native to those of the addon. */
export function procTexts(file: ProcFile): ProcText[] {
  const path = new URL(`../fixtures/proc-texts/${file}.json`, import.meta.url);
  const cases: { what: string; text: string; value: unknown }[] = JSON.parse(readFileSync(path, 'utf8'));
  return cases.map(({ what, text, value }) => ({ what, text: Buffer.from(text, 'latin1'), value }));
}
