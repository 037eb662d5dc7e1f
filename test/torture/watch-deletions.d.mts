import type { Backend } from '../../src/backend/backend.js';

export function watchDeletions(backend: Backend, grace: number, fault: (text: string) => void): void;
