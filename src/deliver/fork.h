// Keeping hubs whole across fork(): every hub is quiet while the process
// splits, and forgets in the child what belongs to the parent.
#pragma once

namespace stogger {

class Hub;

void register_for_fork(Hub* hub);
void unregister_for_fork(Hub* hub) noexcept;

}  // namespace stogger
