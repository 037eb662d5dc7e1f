export interface Capability {
  readonly available: boolean;
  /** Why, in words for a person: `kernel answered ENOSYS`, `procfs backend`, ... */
  readonly reason: string;
}

export interface Capabilities {
  /** pidfd_open(2) works: it was tried on this process. */
  readonly pidfd: Capability;
  /** The st_ino of a pidfd identifies a process (pidfs, kernel 6.9). */
  readonly pidfdInode: Capability;
  /** NS_GET_ID works: it was tried on the PID namespace of this process (kernel 6.18). */
  readonly namespaceId: Capability;
  /**
   * The backend can take an open-file-description lock, and sees it through a second description; or it has an
   * {@link OpenWitness}, which is tried each time that it is taken.
   */
  readonly takeWitness: Capability;
  /** The backend can find out whether a process holds such a lock. */
  readonly testWitness: Capability;
  /** A lifeline can be taken, and is seen through a second description of its file. */
  readonly lifeline: Capability;
  /**
   * The kernel reports to an owner that its lock was deleted or moved away. Where it does not, the owner
   * polls.
   */
  readonly lossEvents: Capability;
  /** renameat2(2) with RENAME_NOREPLACE can be called. A filesystem may still answer EINVAL. */
  readonly renameNoReplace: Capability;
}
