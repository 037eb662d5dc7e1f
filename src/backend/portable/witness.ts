import type { WitnessOperations } from '../backend.js';
import { systemError } from '../system-error.js';

/** Plain Node can neither lock a file nor ask whether it is locked. */
export class PortableWitness implements WitnessOperations {
  take(_fd: number): never {
    throw systemError('ENOSYS', 'fcntl');
  }

  test(_fd: number, _type: string): 'untestable' {
    return 'untestable';
  }

  testAt(_directory: number, _name: string, _type: string): 'untestable' {
    return 'untestable';
  }
}
