// What is written beside declarations. Neither macro changes a type or what a
// program does.
#pragma once

// Marks what the shared library exports. Everything else is hidden.
#define STOGGER_API [[gnu::visibility("default")]]

// Of a parameter that what is made keeps looking at. Where that is a temporary,
// and what is made is not, clang warns.
#if defined(__clang__)
#define STOGGER_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define STOGGER_LIFETIMEBOUND
#endif
