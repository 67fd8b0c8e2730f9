// Marks what the shared library exports. Everything else is hidden. The macro
// changes no type and no behaviour.
#pragma once

#define STOGGER_API [[gnu::visibility("default")]]
