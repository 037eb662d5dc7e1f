// What acquires and releases a lock in etcd, each by its own means. A client is { name, acquire, release, close }.
import { createRequire } from 'node:module';
import { etcd } from '../../dist/etcd.js';

const require = createRequire(new URL('peers/package.json', import.meta.url));
/** Seconds. */
const TTL = 60;
/** As long as a record of this package. */
const VALUE = Buffer.alloc(700, 'x');

export function ours(endpoints) {
  const locks = etcd({ endpoints, ttl: TTL * 1_000 });
  let lock;
  return {
    name: 'this package',
    acquire: async () => {
      lock = await locks.acquire('ours');
    },
    release: () => lock.release(),
    close: () => locks.close(),
  };
}

/** Two transactions under one lease: what this package does, with nothing around it. */
export async function grpcJs([endpoint]) {
  const grpc = require('@grpc/grpc-js');
  const { loadSync } = require('@grpc/proto-loader');
  const folder = require.resolve('etcd3/package.json').replace('package.json', 'proto');
  const options = { keepCase: true, longs: String, enums: String, oneofs: true, includeDirs: [folder] };
  const { KV, Lease } = grpc.loadPackageDefinition(loadSync('rpc.proto', options)).etcdserverpb;
  const [kv, leases] = [KV, Lease].map((Service) => new Service(endpoint, grpc.credentials.createInsecure()));
  const call = (service, method, request) =>
    new Promise((resolve, reject) =>
      service[method](request, (error, answer) => (error ? reject(error) : resolve(answer))),
    );
  const { ID } = await call(leases, 'LeaseGrant', { TTL });
  const key = Buffer.from('bench/grpc');
  const is = (revision) => [{ key, target: 'Create', create_revision: revision, result: 'Equal' }];
  let revision;
  return {
    name: '@grpc/grpc-js, the two transactions alone',
    async acquire() {
      const success = [{ request_put: { key, value: VALUE, lease: ID } }];
      const answer = await call(kv, 'Txn', { compare: is(0), success });
      if (!answer.succeeded) throw new Error('held');
      revision = answer.header.revision;
    },
    async release() {
      const success = [{ request_delete_range: { key } }];
      const answer = await call(kv, 'Txn', { compare: is(revision), success });
      if (!answer.succeeded) throw new Error('lost');
    },
    async close() {
      await call(leases, 'LeaseRevoke', { ID });
      kv.close();
      leases.close();
    },
  };
}

/** Its lock has a lease of its own, so that one lock takes three calls. */
export function etcd3(endpoints) {
  const { Etcd3 } = require('etcd3');
  const client = new Etcd3({ hosts: endpoints.map((one) => `http://${one}`) });
  let lock;
  return {
    name: 'etcd3, lock()',
    async acquire() {
      lock = client.lock('bench/etcd3').ttl(TTL);
      await lock.acquire();
    },
    release: () => lock.release(),
    close: () => client.close(),
  };
}

/** The URLs of what a program imports to lock in etcd. */
export const MODULES = {
  'kernel-identity': new URL('../../dist/index.js', import.meta.url).href,
  'kernel-identity/etcd': new URL('../../dist/etcd.js', import.meta.url).href,
  get '@grpc/grpc-js'() {
    return `file://${require.resolve('@grpc/grpc-js')}`;
  },
  get etcd3() {
    return `file://${require.resolve('etcd3')}`;
  },
};
