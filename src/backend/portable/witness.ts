import type { WitnessOperations } from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { systemError } from '../system-error.js';

/** Plain Node can neither lock a file nor ask whether it is locked. */
export class PortableWitness implements WitnessOperations {
  take(_fd: Descriptor): never {
    throw systemError('ENOSYS', 'fcntl');
  }

  test(_fd: Descriptor, _type: string): 'untestable' {
    return 'untestable';
  }

  testAt(_directory: Descriptor, _name: string, _type: string): 'untestable' {
    return 'untestable';
  }
}
