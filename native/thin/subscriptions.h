#pragma once

#include "environment.h"

namespace kernel_identity::thin {

/**
 * watchEnd(pid, words, index, wake): once the process has ended, calls `wake` in the event loop, which the
 * watch keeps alive. Where `wake` is null, it writes 1 into `words[index]`, and keeps nothing alive. Answers
 * a ticket, or an errno name.
 */
napi_value WatchEndOf(napi_env env, napi_callback_info info);

/**
 * watchFile(descriptor, words, index, wake): calls `wake` once the witness on the file is free, and whenever
 * the file is renamed or deleted. Where `wake` is null, it writes 1 into `words[index]` once the witness is
 * free. Otherwise like watchEnd.
 */
napi_value WatchFileOf(napi_env env, napi_callback_info info);

/** cancel(ticket): nothing is written or called afterwards. A ticket that is over is ignored. */
napi_value Cancel(napi_env env, napi_callback_info info);

/** Cancels everything that the environment has subscribed to. */
void CancelAll(Environment* environment);

}  // namespace kernel_identity::thin
