import { describeOwner } from '../record/describe-owner.js';
import { isAddress } from './addresses.js';
import { parseArguments, requireOnePath, UsageError } from './arguments.js';
import type { Command } from './command.js';
import { parseDuration } from './duration.js';
import { EXIT } from './exit-codes.js';
import { complain, print } from './output.js';

const help = `Usage: kernel-identity agent ADDRESS [--settle TIME]

Removes the locks of owners that die on this machine, in whatever container, as
soon as they do: for those who wait on other machines, and for a program that is
started again. Without an agent such a lock falls when its lease has ended.

ADDRESS is that of all locks, such as etcd://host:2379/locks/, and credentials
come from ETCDCTL_USER, ETCDCTL_PASSWORD, ETCDCTL_CACERT, ETCDCTL_CERT and
ETCDCTL_KEY. It needs no privilege, no shared directory and no PID namespace of
the host. It acts only on owners that it saw alive itself, so any number may run.
stderr names each lock that it removed. It ends with SIGTERM or SIGINT.

  --settle TIME  keep a dead owner's lock for TIME after the death was seen
                 (300ms, 10s): what it had sent may still be on its way
  -h, --help     this text

Exit codes: 0 ended by a signal; 1 an error.`;

const INSTEAD = { '--trust-boot-id': 'the agent acts only on what it saw itself' };

export const agentCommand: Command = {
  help,
  failureCode: EXIT.failure,
  async execute(args) {
    const { values, positionals } = parseArguments(args, { settle: { type: 'string' } }, INSTEAD);
    if (values.help) {
      print(help);
      return EXIT.success;
    }
    if (positionals.length === 0) throw new UsageError('the address of the locks is missing');
    const address = requireOnePath(positionals);
    if (!isAddress(address)) {
      throw new UsageError(`'${address}' is no address of locks, such as etcd://host:2379/locks/`);
    }
    const settle = values.settle === undefined ? 0 : parseDuration(values.settle);
    const ended = new AbortController();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ended.abort());
    const { runAgent } = await import('./engine.js');
    let lastFailure = '';
    await runAgent(
      address,
      settle,
      {
        removed(name, owner) {
          lastFailure = '';
          complain(`removed the lock '${name}' of ${describeOwner(owner, null)}, which is dead`);
        },
        failed(error) {
          const { message } = error as Error;
          // A server that is away for an hour is one message.
          if (message !== lastFailure) complain(message);
          lastFailure = message;
        },
        restored: ({ message }) => complain(`${message}. The agent has done so, and goes on`),
      },
      ended.signal,
    );
    return EXIT.success;
  },
};
