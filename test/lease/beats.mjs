// Sets the times of a file again and again, as an owner does that renews its lease.
import { utimesSync } from 'node:fs';

const [, , file, interval] = process.argv;
const touch = () => utimesSync(file, new Date(), new Date());
touch();
console.log(JSON.stringify('beating'));
setInterval(touch, Number(interval));
