// Whether a sanitizer is at work: some things cannot be measured then.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STOGGER_TEST_ADDRESSES_SANITIZED 1
#endif
#if __has_feature(thread_sanitizer)
#define STOGGER_TEST_THREADS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define STOGGER_TEST_ADDRESSES_SANITIZED 1
#endif
#if defined(__SANITIZE_THREAD__)
#define STOGGER_TEST_THREADS_SANITIZED 1
#endif
#if defined(STOGGER_TEST_THREADS_SANITIZED) || \
    defined(STOGGER_TEST_ADDRESSES_SANITIZED)
#define STOGGER_TEST_SANITIZED 1
#endif

namespace stogger {

#if defined(STOGGER_TEST_SANITIZED)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

#if defined(STOGGER_TEST_ADDRESSES_SANITIZED)
inline constexpr bool kAddressesSanitized = true;
#else
inline constexpr bool kAddressesSanitized = false;
#endif

#if defined(STOGGER_TEST_THREADS_SANITIZED)
inline constexpr bool kThreadsSanitized = true;
#else
inline constexpr bool kThreadsSanitized = false;
#endif

// For tests whose child of a fork() allocates while other threads of the
// parent do, too.
inline constexpr char kAllocatorMayHang[] =
    "the allocators of sanitizers, unlike that of the C library, may be found "
    "locked in a child after fork()";
// For tests whose child of a fork() starts a thread, while the parent has some.
inline constexpr char kThreadsMayBeMixedUp[] =
    "ThreadSanitizer takes a thread of the child for one of the parent";

}  // namespace stogger
