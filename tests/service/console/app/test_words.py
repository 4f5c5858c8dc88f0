"""The console has a word for everything that the domain can say."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
import pytest

import adapters.store
from adapters.store.reviews.steps import ON_TIMELINE
from domain.audit.action import Action
from domain.events.bodies import Format
from domain.events.webhooks.delivery import DeliveryState
from domain.events.webhooks.endpoint import DisabledReason, EndpointState
from domain.events.webhooks.mistakes import Mistake
from domain.events.webhooks.signing import Signature
from domain.events.webhooks.way import Fault
from domain.identity.erasure import Place
from domain.limits.circuit import CircuitState
from domain.model import Agreement, Basis, ConfirmationMode, Outcome, State
from domain.people.roles import Role
from domain.policy.facts.facts import Facts
from domain.policy.reasons import Code
from domain.policy.rules.rules import EVERY_RULE
from domain.pulls.budget import PullState
from domain.reviews.case import Because, Priority, Shown
from domain.reviews.history import Kind
from service.console.app.words import domain as words
from service.console.app.words import people as people_words
from service.console.app.words import reviews as review_words
from service.console.app.words.audit import ACTIONS

FACTS = {field.name for field in msgspec.structs.fields(Facts)} - {"edition"}


@pytest.mark.parametrize(
    ("names", "members"),
    [
        (words.OUTCOMES, Outcome),
        (words.STATES, State),
        (words.BASES, Basis),
        (words.AGREEMENTS, Agreement),
        (words.MODES, ConfirmationMode),
        (words.CALLS, PullState),
        (words.CIRCUITS, CircuitState),
        (words.DELIVERIES, DeliveryState),
        (words.RULES, [*dict(EVERY_RULE), "confirmation"]),
        (words.FACTS, FACTS),
        (words.PLACES, Place),
        (words.ENDPOINTS, EndpointState),
        (words.DISABLED, DisabledReason),
        (words.FAULTS, Fault),
        (words.FORMATS, Format),
        (words.SIGNATURES, Signature),
        (words.MISTAKES, Mistake),
        (people_words.ROLES, Role),
        (people_words.ROLE_MEANINGS, Role),
        (ACTIONS, Action),
        (review_words.BECAUSE, Because),
        (review_words.BECAUSE_SHORT, Because),
        (review_words.STATES, Shown),
        (review_words.PRIORITIES, [each.word for each in Priority]),
        (review_words.KINDS, Kind),
    ],
)
def test_each_member_has_its_word(names: Mapping[str, str], members: Iterable[str]) -> None:
    assert set(names) == set(members)


def test_each_event_of_the_timeline_has_its_word() -> None:
    written = re.compile(r"INTO timeline[^;]*?'([a-z_]+\.[a-z_]+)'", re.DOTALL)
    sources = Path(adapters.store.__file__).parent.rglob("*.py")
    events = {event for source in sources for event in written.findall(source.read_text())}
    page = (Path(__file__).parents[4] / "docs" / "architecture.md").read_text()
    listed = set(re.findall("`([a-z_]+[.][a-z_]+)`", page.split("| `timeline` |")[1].split("\n")[0]))
    assert len(events) > 5
    assert len(listed) > 10
    assert (events | listed | set(ON_TIMELINE.values())) - set(words.TIMELINE) == set()
    assert (events | set(ON_TIMELINE.values())) - listed == set()


def test_a_code_of_another_version_is_shown_as_it_is() -> None:
    assert words.reason_text("new.code", "zh") == "new.code"
    assert words.reason_text(Code.WILL_FAILED, "zh") == "意愿核身未通过"
