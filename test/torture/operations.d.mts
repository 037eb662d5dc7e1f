import type { Backend } from '../../src/backend/backend.js';

export function dieBeforeOperation(n: number, backend: Backend): void;
export function judgeAllDead(backend: Backend): void;
export function watchDeletions(backend: Backend, fault: (text: string) => void): void;
