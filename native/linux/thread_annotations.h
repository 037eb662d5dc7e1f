#pragma once

// Locking rules that a compiler checks: clang with -Wthread-safety, which `npm run lint:native:deep` runs.
// The macros bear the names that clang's own documentation gives them (Thread Safety Analysis). They are
// empty for other compilers, such as the g++ that builds the addon.

#ifdef __clang__
#define KERNEL_IDENTITY_ANNOTATION(attribute) __attribute__((attribute))
#else
#define KERNEL_IDENTITY_ANNOTATION(attribute)
#endif

/** The class is a lock. */
#define CAPABILITY(name) KERNEL_IDENTITY_ANNOTATION(capability(name))
/** An object of the class holds a lock for the rest of its scope. */
#define SCOPED_CAPABILITY KERNEL_IDENTITY_ANNOTATION(scoped_lockable)
/** The variable may only be used by a thread that holds the lock. */
#define GUARDED_BY(lock) KERNEL_IDENTITY_ANNOTATION(guarded_by(lock))
/** The caller of the function must hold the lock. */
#define REQUIRES(lock) KERNEL_IDENTITY_ANNOTATION(requires_capability(lock))
/** A thread that needs both locks takes this one first. */
#define ACQUIRED_BEFORE(lock) KERNEL_IDENTITY_ANNOTATION(acquired_before(lock))
/** The function takes the lock; its object is the lock where none is named. */
#define ACQUIRE(...) KERNEL_IDENTITY_ANNOTATION(acquire_capability(__VA_ARGS__))
/** The function releases the lock; its object is the lock where none is named. */
#define RELEASE(...) KERNEL_IDENTITY_ANNOTATION(release_capability(__VA_ARGS__))
/** The function is not checked, because a lock is held beyond its end. */
#define NO_THREAD_SAFETY_ANALYSIS KERNEL_IDENTITY_ANNOTATION(no_thread_safety_analysis)
