"""A message folds events of one kind, is in one language, and fits every robot."""

import pytest

from domain.events.alerts.sink import Language
from domain.events.alerts.wording import MAX_BYTES, text_about
from domain.events.catalogue import CATALOGUE
from domain.events.event import EventType
from tests.support.webhooks.events import operators_event

CHINESE, ENGLISH = Language.CHINESE, Language.ENGLISH


def test_one_event_is_one_line_with_its_details() -> None:
    event = operators_event(endpoint_id="4f0b", reason="failing")
    assert text_about([event], ENGLISH).splitlines() == [
        "faceid-gateway: 1 event",
        (
            "endpoint.disabled · A webhook endpoint is disabled · app shop · endpoint_id=4f0b"
            " · reason=failing · 2026-11-28 18:40:00 UTC"
        ),
    ]
    assert text_about([event], CHINESE).splitlines() == [
        "faceid-gateway：1 个事件",
        (
            "endpoint.disabled · webhook 端点已停用 · 应用 shop · endpoint_id=4f0b · reason=failing"
            " · 2026-11-28 18:40:00 UTC"
        ),
    ]


def test_events_of_one_type_and_app_are_folded() -> None:
    letters = [operators_event(EventType.DEAD_LETTER_CREATED, seq=n, n=n) for n in range(1, 4)]
    policy = operators_event(EventType.POLICY_ACTIVATED, seq=9, app_id=None, name="default")
    head, *lines = text_about([letters[0], policy, *letters[1:]], ENGLISH).splitlines()
    assert head == "faceid-gateway: 4 events"
    assert [line.split(" · ")[0] for line in lines] == ["dead_letter.created × 3", "policy.activated"]
    assert "n=3" in lines[0]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("event_type", sorted(set(EventType) - {EventType.TEST}))
def test_a_message_names_the_type_and_no_verification(event_type: EventType, language: Language) -> None:
    event = CATALOGUE[event_type].example
    text = text_about([event], language)
    name, meaning, *_ = text.splitlines()[1].split(" · ")
    assert name == event_type.value
    assert "=" not in meaning
    assert not meaning.startswith(("app ", "应用 ")), "the type has no words"
    for each in (event.body.biz_id, event.body.biz_no):
        assert each is None or each not in text


@pytest.mark.parametrize("language", Language)
def test_a_flood_fits_the_smallest_robot(language: Language) -> None:
    events = [operators_event(seq=n, app_id=f"app{n}", detail="核" * 500) for n in range(1, 500)]
    text = text_about(events, language)
    assert len(text.encode()) <= MAX_BYTES
    assert "499" in text.splitlines()[0]
    shown = len(text.splitlines()) - 2
    assert str(499 - shown) in text.splitlines()[-1]
