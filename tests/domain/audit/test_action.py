"""Each action has a meaning."""

from domain.audit.action import MEANINGS, Action


def test_each_action_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Action)
