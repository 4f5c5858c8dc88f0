"""Read the event log, as a whole or for some apps and types, without skipping what is committed late."""

from typing import Any, Final

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.statements.each_app import each_app
from domain.errors import CursorExpired
from domain.events.event import Event, EventBody
from domain.views.events import EventFilter, EventPage

_body = msgspec.json.Decoder(EventBody)


class PgEvents:
    """Reads pages, each in one statement. Numbers become visible in their order (`log.turn_after`), so
    everything up to the newest event that a statement sees is there to be seen."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def page(self, which: EventFilter, *, after: int, limit: int) -> EventPage:
        """Up to `limit` events behind `after`; 0 means from the oldest event that is kept.

        Raises:
            CursorExpired: events behind `after` are deleted.
            DatabaseAway: PostgreSQL cannot be used.
        """
        statement, values = _statement(which)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(statement, {**values, "after": after, "limit": limit})).all()
        if 0 < after < rows[0].deleted_to:
            raise CursorExpired(rows[0].deleted_to)
        items = [_event(row) for row in rows if row.seq is not None]
        seen = items[-1].seq if len(items) == limit else rows[0].newest
        return EventPage(items, max(after, seen))

    async def newest(self) -> int:
        """The `seq` of the newest event, or of the newest deleted one; 0 before the first."""
        async with self._engine.connect() as connection:
            return int((await connection.execute(_NEWEST)).scalar_one())


def _statement(which: EventFilter) -> tuple[Any, dict[str, Any]]:
    if which.app_ids is None and which.types is None:
        return _ALL, {}
    patterns = [_like(each) for each in which.types or ("*",)]
    if which.app_ids is None:
        return _OF_TYPES, {"patterns": patterns}
    return _OF_APPS, {"patterns": patterns, "apps": list(which.app_ids)}


def _like(pattern: str) -> str:
    return pattern.replace("_", r"\_").replace("%", r"\%").replace("*", "%")


def _event(row: Row[Any]) -> Event:
    return Event(
        seq=row.seq,
        id=row.id,
        type=row.type,
        at=row.at,
        app_id=row.app_id,
        verification_id=row.verification_id,
        n=row.n,
        body=_body.decode(row.body),
    )


_LOG: Final = """
SELECT COALESCE((SELECT max(seq) FROM events), state.deleted_to) AS newest, state.deleted_to
FROM (SELECT COALESCE((SELECT deleted_to FROM event_log), 0) AS deleted_to) AS state
"""

_NEWEST: Final = text(_LOG)


def _page(chosen: str) -> str:
    """The page whose numbers the query `chosen` selects; one row without an event if there is none."""
    return f"""
WITH log AS ({_LOG}), chosen AS ({chosen})
SELECT log.newest, log.deleted_to, e.seq, e.id, e.type, e.at, e.app_id, e.verification_id, e.n,
       CAST(e.body AS text) AS body
FROM log LEFT JOIN (chosen JOIN events e USING (seq)) ON true ORDER BY e.seq
"""  # noqa: S608 - constants alone


def _kinds(name: str, apps: str, of_app: str) -> str:
    """A recursive CTE with the types in the log of each of `apps`, from one to the next in the index
    `events_of_app`: a newer version may have written types that this one does not know."""
    return f"""{name} (app_id, type) AS (
  SELECT app.app_id, (SELECT min(e.type) FROM events e WHERE {of_app}) FROM {apps}
  UNION ALL
  SELECT app.app_id, (SELECT min(e.type) FROM events e WHERE {of_app} AND e.type > app.type)
  FROM {name} app WHERE app.type IS NOT NULL
)"""  # noqa: S608 - constants alone


def _one_by_one(kinds: str, of_app: str) -> str:
    """The next numbers of each app and type are a separate index scan, whatever lies between them."""
    return f"""
  SELECT found.seq FROM {kinds} app CROSS JOIN LATERAL (
    SELECT seq FROM events e
    WHERE {of_app} AND e.type = app.type AND e.seq > :after ORDER BY seq LIMIT :limit
  ) AS found
  WHERE app.type LIKE ANY(CAST(:patterns AS text[]))
"""  # noqa: S608 - constants alone


_ITS: Final = "e.app_id = app.app_id"
_NO_APPS: Final = "e.app_id IS NULL"
_KINDS_OF_APPS: Final = _kinds("kinds", "unnest(CAST(:apps AS text[])) AS app (app_id)", _ITS)
_KINDS_OF_EACH: Final = _kinds("kinds", "apps AS app WHERE app.app_id IS NOT NULL", _ITS)
_KINDS_OF_NONE: Final = _kinds("of_gateway", "(SELECT CAST(NULL AS text) AS app_id) AS app", _NO_APPS)

_ALL: Final = text(_page("SELECT seq FROM events WHERE seq > :after ORDER BY seq LIMIT :limit"))
_OF_APPS: Final = text(
    _page(f"WITH RECURSIVE {_KINDS_OF_APPS} {_one_by_one('kinds', _ITS)} ORDER BY seq LIMIT :limit")
)
_OF_TYPES: Final = text(
    _page(
        f"{each_app('events')}, {_KINDS_OF_EACH}, {_KINDS_OF_NONE} {_one_by_one('kinds', _ITS)}"
        f" UNION ALL {_one_by_one('of_gateway', _NO_APPS)} ORDER BY seq LIMIT :limit"
    )
)
