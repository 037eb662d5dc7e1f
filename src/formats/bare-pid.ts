import type { Format } from './format.js';
import { pidRecord } from './pid-record.js';

/**
 * A decimal number alone, which `%d\n` and Xvfb's `%10d\n` print. One that begins with a zero may be octal or hexadecimal,
 * and is none.
 */
const NUMBER = /^[ \t]{0,64}(0|[1-9]\d{0,19})[ \t]{0,64}(?:\r?\n)?$/;

/**
 * Reads a pid and nothing else: Rails, celery beat, Apache, dbus, gunicorn, mongod, Xvfb, the AWS CDK, dockerd, UUCP's
 * LCK..ttyUSB0, Puppet, Chef, postfix, most daemons.
 */
export const barePid: Format = {
  name: 'bare-pid',
  kinds: ['file'],
  names: () => true,
  deletion: 'named like a lock',
  parse(source) {
    const digits = NUMBER.exec(source.text)?.[1];
    return digits === undefined ? null : pidRecord('bare-pid', source, digits);
  },
};
