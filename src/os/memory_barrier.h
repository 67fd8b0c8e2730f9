// A barrier on the side of whoever acts rarely, in place of one on the side of
// those who act all the time.
#pragma once

namespace stogger {

// When it returns true, every thread of the process has passed a point between
// two of its instructions since the call, with all stores before it visible and
// no load after it done. So what this thread stored before is seen after it.
// False if the system does not offer that.
bool pass_barrier_on_all_threads() noexcept;

}  // namespace stogger
