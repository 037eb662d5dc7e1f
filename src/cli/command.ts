/** One command of the program, with its help. */
export interface Command {
  readonly name: string;
  /** The line that the help of the program shows for it. */
  readonly summary: string;
  readonly help: string;
  /** Exit code for an error to which the command gives no exit code itself. */
  readonly failureCode: number;
  /**
   * @param args the words after the command's name.
   * @returns the exit code.
   * @throws UsageError, and any error of the library.
   */
  execute(args: readonly string[]): number | Promise<number>;
}
