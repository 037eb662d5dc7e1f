declare const brand: unique symbol;

/**
 * An open file, directory, pidfd or inotify instance of a backend. It is a number at run time, and has a type
 * of its own so that the compiler keeps it apart from PIDs, sizes and counts. The addon and the procfs
 * backend give out file descriptors of the kernel. The portable backend gives out numbers of its own, which
 * mean nothing to node:fs.
 */
export type Descriptor = number & { readonly [brand]: 'descriptor' };
