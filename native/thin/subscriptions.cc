#include "subscriptions.h"

namespace kernel_identity::thin {

struct Subscription {
  uint64_t ticket;
  /** null: what happens calls a function only. */
  int32_t* word;
  /** Keeps the memory of the word from being collected. */
  napi_ref words;
  /** null: what happens writes a word only. */
  napi_threadsafe_function wake;
  const NodeFunctions* node;
  Watch* watch;
  Subscription* next;
};

namespace {

constexpr double kLargestInteger = 9007199254740991;
/** A call of JavaScript that is still to come is one for the next event too. */
constexpr size_t kMostCalls = 1;

/** Runs in a thread of the system. */
void OnEvent(void* context) {
  auto* const subscription = static_cast<Subscription*>(context);
  if (subscription->word != nullptr) __atomic_store_n(subscription->word, 1, __ATOMIC_SEQ_CST);
  if (subscription->wake == nullptr) return;
  const napi_status status =
      subscription->node->call_threadsafe_function(subscription->wake, nullptr, napi_tsfn_nonblocking);
  // The environment is ending, and by this answer it has let go of the function.
  if (status == napi_closing) subscription->wake = nullptr;
}

/**
 * Takes a word that another thread may write to for as long as the array is referenced. Only shared memory
 * stays where it is: any other can be detached, and would be freed under that thread.
 */
bool TakeWord(const Call& call, unsigned words, unsigned index, int32_t** word) {
  const NodeFunctions& node = call.node();
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  // Node-API 8 cannot ask for a SharedArrayBuffer. A typed array has either that or an ArrayBuffer.
  bool is_array_buffer = true;
  if (node.get_typedarray_info(call.env(), call[words], &type, &length, &data, &buffer, nullptr) != napi_ok ||
      type != napi_int32_array || node.is_arraybuffer(call.env(), buffer, &is_array_buffer) != napi_ok ||
      is_array_buffer) {
    call.ThrowType("words must be an Int32Array on a SharedArrayBuffer");
    return false;
  }
  double number = 0;
  if (!call.TakeInteger(index, kLargestInteger, &number)) return false;
  if (number >= static_cast<double>(length)) {
    call.ThrowRange("index must be that of an element of words");
    return false;
  }
  *word = static_cast<int32_t*>(data) + static_cast<size_t>(number);
  return true;
}

/** Releases what stands in an incomplete or cancelled subscription. */
void Discard(Environment* environment, Subscription* subscription) {
  const NodeFunctions& node = *environment->node;
  if (subscription->watch != nullptr) StopWatching(subscription->watch);
  // The thread of the system does not touch the subscription any more.
  if (subscription->wake != nullptr) node.release_threadsafe_function(subscription->wake, napi_tsfn_abort);
  if (subscription->words != nullptr) node.delete_reference(environment->env, subscription->words);
  Free(subscription);
}

bool HoldWords(const Call& call, Subscription* subscription) {
  return call.node().create_reference(call.env(), call[1], 1, &subscription->words) == napi_ok;
}

bool HoldWake(const Call& call, Subscription* subscription) {
  return call.node().create_threadsafe_function(call.env(), call[3], nullptr, call.Text("kernel-identity"),
                                                kMostCalls, 1, nullptr, nullptr, nullptr, nullptr,
                                                &subscription->wake) == napi_ok;
}

/**
 * Subscribes as the arguments after the first one say.
 * @param begin begins the watch. It is told whether there is a word: `begin(has_word, context, watch)`.
 */
template <typename Begin>
napi_value Subscribe(const Call& call, Begin begin) {
  Environment& environment = call.environment();
  const bool has_wake = call.IsFunction(3);
  int32_t* word = nullptr;
  if (!has_wake && !TakeWord(call, 1, 2, &word)) return nullptr;

  auto* const subscription = static_cast<Subscription*>(Allocate(sizeof(Subscription)));
  if (subscription == nullptr) return call.Failure(Answer::kShortage);
  subscription->node = environment.node;
  subscription->word = word;
  Answer answer = Answer::kShortage;
  if (has_wake ? HoldWake(call, subscription) : HoldWords(call, subscription)) {
    answer = begin(!has_wake, subscription, &subscription->watch);
  }
  if (answer != Answer::kOk) {
    Discard(&environment, subscription);
    return call.Failure(answer);
  }
  subscription->ticket = ++environment.last_ticket;
  subscription->next = environment.subscriptions;
  environment.subscriptions = subscription;
  return call.Number(static_cast<double>(subscription->ticket));
}

}  // namespace

napi_value WatchEndOf(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  uint32_t pid = 0;
  if (!call.TakePid(0, &pid)) return nullptr;
  return Subscribe(call, [pid](bool /*has_word*/, void* context, Watch** watch) {
    return WatchEnd(pid, OnEvent, context, watch);
  });
}

napi_value WatchFileOf(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  int descriptor = 0;
  if (!call.TakeDescriptor(0, &descriptor)) return nullptr;
  return Subscribe(call, [descriptor](bool has_word, void* context, Watch** watch) {
    return has_word ? WatchRelease(descriptor, OnEvent, context, watch)
                    : WatchFile(descriptor, OnEvent, context, watch);
  });
}

napi_value Cancel(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  double ticket = 0;
  if (!call.TakeInteger(0, kLargestInteger, &ticket)) return nullptr;
  for (Subscription** link = &call.environment().subscriptions; *link != nullptr; link = &(*link)->next) {
    Subscription* const found = *link;
    if (static_cast<double>(found->ticket) != ticket) continue;
    *link = found->next;
    Discard(&call.environment(), found);
    break;
  }
  return call.Undefined();
}

void CancelAll(Environment* environment) {
  while (environment->subscriptions != nullptr) {
    Subscription* const first = environment->subscriptions;
    environment->subscriptions = first->next;
    Discard(environment, first);
  }
}

}  // namespace kernel_identity::thin
