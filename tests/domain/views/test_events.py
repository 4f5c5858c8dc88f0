"""A reader of the event log gets the events of its apps and types alone."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from domain.events.event import Event, EventBody
from domain.views.events import EVERYTHING, EventFilter

DEMO = ("demo",)


def event(event_type: str = "verification.approved", app_id: str | None = "demo") -> Event:
    return Event(
        1, UUID(int=1), event_type, datetime(2026, 11, 28, tzinfo=UTC), app_id, None, None, EventBody()
    )


@pytest.mark.parametrize("app_id", ["demo", None])
@pytest.mark.parametrize("event_type", ["verification.approved", "policy.activated", "newer.type"])
def test_everything_has_every_event(event_type: str, app_id: str | None) -> None:
    assert EVERYTHING.passes(event(event_type, app_id))


@pytest.mark.parametrize(
    ("app_ids", "app_id", "passes"),
    [
        (DEMO, "demo", True),
        (DEMO, "other", False),
        (DEMO, "demo2", False),
        (DEMO, None, False),
        ((), "demo", False),
        (None, None, True),
    ],
)
def test_a_reader_of_some_apps_gets_no_others_and_none_of_the_gateway(
    app_ids: tuple[str, ...] | None, app_id: str | None, passes: bool
) -> None:
    assert EventFilter(app_ids).passes(event(app_id=app_id)) is passes


@pytest.mark.parametrize(
    ("types", "passes"),
    [
        (("verification.approved",), True),
        (("verification.*",), True),
        (("endpoint.*", "*.approved"), True),
        (("endpoint.*",), False),
        (("verification",), False),
        ((), False),
    ],
)
def test_types_are_patterns(types: tuple[str, ...], passes: bool) -> None:
    assert EventFilter(types=types).passes(event()) is passes


def test_both_conditions_hold_at_once() -> None:
    assert EventFilter(DEMO, ("verification.*",)).passes(event())
    assert not EventFilter(DEMO, ("verification.*",)).passes(event(app_id="other"))
    assert not EventFilter(DEMO, ("endpoint.*",)).passes(event())
