// Makes the server forget its past states until stdin ends, and prints how often: ENDPOINTS.
const [endpoints = ''] = process.argv.slice(2);
const [first] = endpoints.split(',');
let isOver = false;
process.stdin.on('end', () => {
  isOver = true;
});
process.stdin.resume();

/** @param {string} path @param {object} body */
async function call(path, body) {
  const answer = await fetch(`http://${first}/v3${path}`, { method: 'POST', body: JSON.stringify(body) });
  return /** @type {any} */ (await answer.json());
}

let count = 0;
while (!isOver) {
  const { header } = await call('/kv/put', { key: 'eg==', value: 'eg==' });
  await call('/kv/compaction', { revision: header.revision });
  count += 1;
}
console.log(count);
