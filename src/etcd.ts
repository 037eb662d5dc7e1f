/** `kernel-identity/etcd`: locks that many machines share, kept by etcd. */
export { etcd, openEtcd } from './engine/etcd/locks.js';
export type { EtcdOptions } from './engine/etcd/options.js';
export type { TlsOptions } from './engine/etcd/post.js';
