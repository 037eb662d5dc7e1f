// A write that refuses an owner which has lost its lock: the row keeps the largest fencing token that it has seen. See
// docs/across-machines.md.

/**
 * @param database one of node:sqlite, or any other with `prepare(sql).run(...values)`.
 * @param token `lock.fencingToken` of the owner that writes.
 * @throws Error when an owner with a larger token has written, or when there is no such row.
 */
export function write(database, { id, result }, token) {
  const { changes } = database
    .prepare('UPDATE job SET result = ?, token = ? WHERE id = ? AND token <= ?')
    .run(result, token, id, token);
  if (Number(changes) === 0) throw new Error(`the token ${token} is too old, or there is no job ${id}`);
}
