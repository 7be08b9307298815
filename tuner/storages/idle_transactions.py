"""A client that stops in the middle of a transaction keeps its locks: the server ends it.

Whoever asks for a trial has locked its study's row for a moment, whoever ends one the trial's. A
process that is stopped, or a machine that is cut off, in that moment would keep all others waiting
until it comes back. Its server therefore takes a transaction back that nobody has gone on with for
a while. To the client, should it come back, that is a lost connection, and its call is made again.
"""

from __future__ import annotations

from sqlalchemy import Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection

ABANDONED_SECONDS = 20
"""A transaction is a handful of statements, milliseconds apart; on a busy machine, seconds."""


def bound_transactions(engine: Engine) -> None:
    """Tells the server, in each new connection, how long a transaction may do nothing."""
    statement = _setting(engine)
    if statement is None:
        return

    @event.listens_for(engine, "connect")
    def connected(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()
        connection.commit()  # or PostgreSQL would forget it with the first rollback

    engine.dispose()  # connections made so far know nothing of this


def _setting(engine: Engine) -> str | None:
    if engine.dialect.name == "postgresql":
        return f"SET idle_in_transaction_session_timeout = '{ABANDONED_SECONDS}s'"
    if engine.dialect.name in ("mysql", "mariadb"):
        # MySQL has none for transactions alone. An idle connection is asked before its next use.
        return f"SET SESSION wait_timeout = {ABANDONED_SECONDS}"
    return None
