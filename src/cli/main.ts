#!/usr/bin/env node
import { keepCompiledCode } from './compile-cache.js';
import { runProgram } from './program.js';

keepCompiledCode();
void runProgram(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
