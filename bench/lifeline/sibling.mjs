/**
 * The identity of a process in a container that shares nothing with this process, as it would record itself: only its
 * lifeline shows here whether it lives.
 */
export function siblingOf(own, lifeline) {
  return { ...own, pid: 1, pidNamespace: { inode: '1', id: null }, pidfdInode: null, lifeline };
}
