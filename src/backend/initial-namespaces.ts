/**
 * Inodes of the namespaces that the kernel starts with. They never change (include/linux/proc_ns.h).
 * native/linux/initial_namespaces.h has those that the addon needs.
 */
export const INITIAL_TIME_NAMESPACE = 4026531834n;
const INITIAL_USER_NAMESPACE = 4026531837n;
/** Decimal, as {@link PidNamespace.inode} is. From this namespace every process is visible. */
export const INITIAL_PID_NAMESPACE = '4026531836';

/** The namespaces whose files carry lifelines, by the space that a lifeline's text names. */
export const LIFELINE_INODES: ReadonlyMap<string, bigint> = new Map([
  ['time', INITIAL_TIME_NAMESPACE],
  ['user', INITIAL_USER_NAMESPACE],
]);
