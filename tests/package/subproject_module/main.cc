// A program whose project has stogger, and its module, as a part of itself.
#include "../module_consumer/postgres.cc"
