/**
 * Name of a system error, such as `ESRCH` (errno(3)). Calls return it where failing is an ordinary answer.
 */
export type Errno = string;
