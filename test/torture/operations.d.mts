import type { Backend } from '../../src/backend/backend.js';

export function dieBeforeOperation(n: number, backend: Backend): void;
export function judgeAllDead(backend: Backend): void;
