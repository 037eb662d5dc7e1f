import type { InspectOptions } from '../../src/index.js';

/**
 * Options that run `act`, `times` times, when the judge reads the first of them, which is after the file was read and
 * before it is deleted. The check of the options reads it too, before the file.
 */
export function meanwhile(act: () => void, times = 1): InspectOptions {
  let left = times;
  return {
    get legacy() {
      const isChecked = new Error('stack').stack?.includes('checkJudgeOptions') === true;
      if (!isChecked && left-- > 0) act();
      return 'assume' as const;
    },
  };
}
