// What Sink::check() does through a new connection: it finds out whether rows
// could be stored, and changes nothing, whatever it finds. The INSERT is only
// explained, in a transaction that is read-only: that plans it and checks the
// rights, while no trigger fires and no sequence advances, as they would in a
// transaction that is rolled back.
#pragma once

#include "sinks/postgres/session.h"
#include "sinks/postgres/settings.h"
#include "stogger/status.h"

namespace stogger {

// Fills in session->proof.
Status prove_session(const PostgresSettings& settings, Session* session);

}  // namespace stogger
