import { stripVTControlCharacters } from 'node:util';
import { isAtKeyboard, terminalSize } from './format/terminal.js';
import { printRaw } from './output.js';

// xterm's control sequences, which every terminal of today knows: the other screen, the cursor, and erasing.
const OTHER_SCREEN = '\u001b[?1049h';
const FIRST_SCREEN = '\u001b[?1049l';
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const HOME = '\u001b[H';
const ERASE_LINE = '\u001b[K';
const ERASE_BELOW = '\u001b[J';

/** What the keys of a terminal in raw mode send, where they would otherwise raise a signal. */
const KEYS = { interrupt: '\u0003', endOfInput: '\u0004', suspend: '\u001a', quit: 'q' } as const;

/** The whole terminal, drawn over and over. Call close() when done, which gives the terminal back as it was. */
export class LiveScreen {
  readonly #onQuit: () => void;
  readonly #onRedraw: () => void;
  readonly #hasKeys = isAtKeyboard();
  readonly #press = (data: Buffer) => this.#pressed(data.toString('latin1'));
  readonly #resume = () => {
    this.#enter();
    this.#onRedraw();
  };

  /** @param onRedraw is called when the window has another size. */
  constructor(onQuit: () => void, onRedraw: () => void) {
    this.#onQuit = onQuit;
    this.#onRedraw = onRedraw;
    if (this.#hasKeys) process.stdin.on('data', this.#press);
    process.stdout.on('resize', onRedraw);
    process.on('SIGCONT', this.#resume);
    this.#enter();
  }

  /** Shows the lines from the top on. What does not fit is left out, and the last line says so. */
  draw(lines: readonly string[]): boolean {
    const { columns, rows } = terminalSize();
    const shown: string[] = [];
    let used = 0;
    for (const line of lines) {
      const height = Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns));
      if (used + height >= rows && shown.length < lines.length - 1) {
        shown.push(`${lines.length - shown.length} more lines: enlarge the window`.slice(0, columns));
        break;
      }
      used += height;
      shown.push(line);
    }
    return printRaw(HOME + shown.map((line) => line + ERASE_LINE).join('\n') + ERASE_BELOW);
  }

  close(): void {
    process.off('SIGCONT', this.#resume);
    process.stdout.off('resize', this.#onRedraw);
    if (this.#hasKeys) process.stdin.off('data', this.#press).pause();
    this.#leave();
  }

  #enter(): void {
    if (this.#hasKeys) process.stdin.setRawMode(true);
    printRaw(OTHER_SCREEN + HIDE_CURSOR + HOME + ERASE_BELOW);
  }

  #leave(): void {
    try {
      printRaw(SHOW_CURSOR + FIRST_SCREEN);
      if (this.#hasKeys) process.stdin.setRawMode(false);
    } catch {
      // The window was closed, so there is no terminal to give back.
    }
  }

  #pressed(keys: string): void {
    if (keys.includes(KEYS.suspend)) {
      this.#leave();
      process.kill(process.pid, 'SIGSTOP');
    } else if ([KEYS.quit, KEYS.interrupt, KEYS.endOfInput].some((key) => keys.includes(key))) {
      this.#onQuit();
    }
  }
}
