"""A flood of denials does not fill the audit."""

from datetime import timedelta

from structlog.testing import capture_logs

from domain.audit.action import Action
from domain.people.actor import Actor
from tests.support.memory.audit import Rows
from tests.support.storage.stores import Clock
from usecases.audit.denials import MOST, PERIOD, Denials


def someone(n: int = 1) -> Actor:
    return Actor.token(f"t{n}", address="10.0.0.7")


async def test_each_actor_and_request_has_one_row_a_minute(clock: Clock) -> None:
    rows = Rows()
    denials = Denials(rows, monotonic=clock.monotonic)
    for what in ("GET /a", "GET /a", "GET /b"):
        await denials.note(someone(), what, code="missing_scope")
    clock.go_on(timedelta(seconds=PERIOD))
    await denials.note(someone(), "GET /a", code="missing_scope")
    assert [row.subject for row in rows.rows] == ["GET /a", "GET /b", "GET /a"]
    first = rows.rows[0]
    assert (first.action, first.actor, first.address) == (Action.PERMISSION_DENIED, "token:t1", "10.0.0.7")
    assert first.detail == {"code": "missing_scope"}


async def test_the_last_row_of_a_flood_says_so(clock: Clock) -> None:
    rows = Rows()
    denials = Denials(rows, monotonic=clock.monotonic)
    for n in range(MOST + 50):
        await denials.note(someone(n), "GET /a", code="missing_scope")
    assert len(rows.rows) == MOST
    assert [row.detail.get("more_left_out") for row in rows.rows[-2:]] == [None, True]


async def test_while_the_database_is_away_the_log_has_it(clock: Clock) -> None:
    rows = Rows()
    rows.away = True
    with capture_logs() as logs:
        await Denials(rows, monotonic=clock.monotonic).note(someone(), "GET /a", code="missing_scope")
    assert [(entry["event"], entry["actor"]) for entry in logs] == [("audit.denial_lost", "token:t1")]
