/** One command of the program: its part of the help, and what it does. */
export interface Command {
  readonly name: string;
  /** Its line in the help of the program. */
  readonly summary: string;
  readonly help: string;
  /** Exit code for an error that has no code of its own. */
  readonly failureCode: number;
  /**
   * @param args what follows the command's name.
   * @returns the exit code.
   * @throws UsageError, and what the library throws.
   */
  execute(args: readonly string[]): number | Promise<number>;
}
