// Stands in for node:sqlite under a Node that has none: a real SQLite, by the module of Python. Two named pipes lead to
// it, because the calls are synchronous.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = `
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=10, isolation_level=None)
db.row_factory = sqlite3.Row
asked, answers = open(sys.argv[2]), open(sys.argv[3], 'w')
for line in asked:
    sql, values = json.loads(line)
    try:
        cursor = db.execute(sql, values)
        row = cursor.fetchone()
        answer = [cursor.rowcount, None if row is None else dict(row)]
    except sqlite3.Error as error:
        answer = str(error)
    print(json.dumps(answer), file=answers, flush=True)
`;

export class DatabaseSync {
  #asked;
  #answers;

  constructor(path) {
    const folder = mkdtempSync(join(tmpdir(), 'ki-sqlite-'));
    const pipes = [join(folder, 'asked'), join(folder, 'answers')];
    execFileSync('mkfifo', pipes);
    // It ends with this process, whose end closes the pipe.
    spawn('python3', ['-c', SCRIPT, path, ...pipes], { stdio: ['ignore', 'ignore', 'inherit'] }).unref();
    this.#asked = openSync(pipes[0], 'w');
    this.#answers = openSync(pipes[1], 'r');
    rmSync(folder, { recursive: true });
  }

  exec(sql) {
    this.#run(sql, []);
  }

  prepare(sql) {
    return {
      run: (...values) => ({ changes: this.#run(sql, values)[0] }),
      get: (...values) => this.#run(sql, values)[1] ?? undefined,
    };
  }

  #run(sql, values) {
    writeSync(this.#asked, `${JSON.stringify([sql, values])}\n`);
    const buffer = Buffer.alloc(64 * 1024);
    let length = 0;
    while (buffer[length - 1] !== 0x0a) {
      const more = readSync(this.#answers, buffer, length, buffer.length - length, null);
      if (more === 0) throw new Error('Python has ended');
      length += more;
    }
    const answer = JSON.parse(buffer.toString('utf8', 0, length));
    if (typeof answer === 'string') throw new Error(answer);
    return answer;
  }
}
