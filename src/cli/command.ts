/** What a command of the program does, and its help. Its name stands in the table of commands.ts. */
export interface Command {
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
