"""Events of types that only a newer version knows are passed on: versions run side by side for a while."""

import pytest
from sqlalchemy import text

from adapters.store.events.reader import PgEvents
from domain.events.alerts.sink import Language
from domain.events.alerts.wording import text_about
from domain.events.bodies import cloudevent, thin
from domain.views.events import EVERYTHING, EventFilter
from tests.support.storage.stores import Store

SEALED = "verification.sealed"
MOVED = "gateway.moved"


@pytest.fixture
async def log(store: Store) -> PgEvents:
    """A log with known and unknown types of two apps and of the gateway."""
    async with store.engine.begin() as connection:
        for app_id, kind in (
            ("demo", SEALED),
            ("demo", "verification.approved"),
            ("other", "verification.expired"),
            ("other", "verification_sealed"),
            (None, MOVED),
            (None, "policy.activated"),
            ("demo", SEALED),
        ):
            await connection.execute(text(WRITE), {"app_id": app_id, "type": kind})
    return PgEvents(store.engine)


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (EVERYTHING, 7),
        (EventFilter(app_ids=("demo",)), 3),
        (EventFilter(app_ids=("other", "demo")), 5),
        (EventFilter(app_ids=("demo",), types=("verification.*",)), 3),
        (EventFilter(app_ids=("other",), types=("verification.*",)), 1),
        (EventFilter(app_ids=("demo",), types=("*.approved", "policy.*")), 1),
        (EventFilter(app_ids=("nowhere",)), 0),
        (EventFilter(types=("verification.*",)), 4),
        (EventFilter(types=("*",)), 7),
        (EventFilter(types=("gateway.*", "policy.*")), 2),
        (EventFilter(types=("verification_sealed",)), 1),
    ],
)
async def test_a_filter_finds_unknown_types_as_known_ones(
    log: PgEvents, which: EventFilter, expected: int
) -> None:
    every = (await log.page(EVERYTHING, after=0, limit=9)).items
    page = await log.page(which, after=0, limit=9)
    assert len(page.items) == expected
    assert page.items == [event for event in every if which.passes(event)]
    assert page.next == every[-1].seq
    if expected:
        last = await log.page(which, after=page.items[-1].seq - 1, limit=1)
        assert last.items == page.items[-1:]


async def test_they_are_shown_as_plain_text(log: PgEvents) -> None:
    [event, *_] = (await log.page(EVERYTHING, after=0, limit=1)).items
    assert (event.type, thin(event)["type"], cloudevent(event)["type"]) == (SEALED, SEALED, SEALED)
    assert SEALED in text_about([event], Language.ENGLISH)


WRITE = """
INSERT INTO events (app_id, type, at, body) VALUES (:app_id, :type, now(), '{"biz_id": "b", "later": [1]}')
"""
