import type { Requirement } from '../helpers/requirements.js';
// @ts-expect-error a script in plain JavaScript
import * as toolbox from './toolbox.mjs';

/** A requirement that also has the path of what it found. */
export interface Tool extends Requirement {
  readonly path: string;
}

/** A runtime or package manager of toolbox.mjs, installed if need be. */
export function tool(name: string): Tool {
  const { available, reason = '', path = '' } = toolbox.tool(name);
  return { available, reason, path };
}

export const NODES = ['node-20', 'node-22', 'node-24', 'node-26'] as const;
