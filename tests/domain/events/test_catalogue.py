"""Every type of event is explained, with an example that could be in the log."""

import pytest

from domain.errors import UnknownEventType
from domain.events.catalogue import CATALOGUE
from domain.events.chinese import CHINESE
from domain.events.event import DECIDED, OF_NO_APP, EventType
from domain.events.selection import checked_patterns, matches, matching_types


def test_every_type_has_an_entry() -> None:
    assert CATALOGUE.keys() == set(EventType)


@pytest.mark.parametrize("event_type", EventType)
def test_the_example_is_of_its_type(event_type: EventType) -> None:
    entry = CATALOGUE[event_type]
    body = entry.example.body
    assert entry.example.type is event_type
    assert bool(entry.detail) == bool(body.detail)
    assert all(f"`{name}`" in entry.detail for name in body.detail)
    assert (entry.example.n is None) == (body.biz_id is None)
    assert (body.outcome is None) == (body.policy is None)
    assert (entry.example.app_id is None) == (event_type in OF_NO_APP)


@pytest.mark.parametrize("event_type", EventType)
def test_the_chinese_words_explain_the_same(event_type: EventType) -> None:
    words, body = CHINESE[event_type], CATALOGUE[event_type].example.body
    assert words.meaning.endswith("。")
    assert words.when.endswith("。")
    assert bool(words.detail) == bool(body.detail)
    assert all(f"`{name}`" in words.detail for name in body.detail)


def test_the_example_of_a_decision_has_its_outcome() -> None:
    for outcome, event_type in DECIDED.items():
        assert CATALOGUE[event_type].example.body.outcome is outcome


@pytest.mark.parametrize(
    ("patterns", "count"),
    [(["*"], len(EventType)), (["verification.*"], 8), (["policy.activated", "policy.*"], 1), ([], 0)],
)
def test_patterns_select_types(patterns: list[str], count: int) -> None:
    assert len(matching_types(patterns)) == count


@pytest.mark.parametrize("pattern", ["", "verification", "verification.?pproved", "[a-z]*", "VERIFICATION.*"])
def test_a_pattern_of_no_type_is_an_error(pattern: str) -> None:
    with pytest.raises(UnknownEventType):
        checked_patterns(["*", pattern])


def test_a_pattern_selects_types_that_only_a_newer_version_knows() -> None:
    assert matches("verification.sealed", checked_patterns(["policy.activated", "verification.*"]))
    assert not matches("verification.sealed", ["policy.*"])
