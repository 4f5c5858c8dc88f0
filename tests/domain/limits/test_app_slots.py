"""Each app has separate slots; an app without a free one is served again when half of them are free."""

from domain.limits.app_slots import AppSlots, bounded


def filled(*, at_once: int = 4) -> AppSlots:
    """The slots of two apps, all of `slow` taken."""
    slots = AppSlots(["slow", "demo"], at_once=at_once)
    for _ in range(at_once):
        slots.take("slow")
    return slots


def test_an_app_fills_its_own_slots_alone() -> None:
    assert filled().free() == {"slow": 0, "demo": 4}


def test_an_app_without_a_slot_is_not_claimed_and_fed_once_when_half_its_slots_are_free() -> None:
    slots = filled()
    assert slots.claimable() == {"demo": 4}
    slots.give_back("slow")
    assert not slots.feed("slow")
    slots.give_back("slow")
    assert [slots.feed("slow") for _ in range(2)] == [True, False]
    assert not slots.feed("demo"), "it was never hungry"


def test_an_app_with_more_due_than_room_is_fed() -> None:
    slots = filled()
    slots.claimed(["demo"], frozenset(["demo"]))
    assert slots.feed("demo")


def test_an_app_is_behind_while_it_is_crowded_or_has_a_queue() -> None:
    slots = filled()
    slots.left_out("demo")
    assert slots.behind() == {"slow", "demo"}
    slots.claimed(["demo"], frozenset())
    slots.give_back("slow")
    assert slots.behind() == {"slow"}
    slots.give_back("slow")
    assert slots.behind() == set()


def test_a_slow_app_is_not_behind_until_half_its_slots_are_free() -> None:
    slots = filled()
    slots.give_up_on(slots.behind())
    assert slots.behind() == set()
    for _ in range(2):
        slots.give_back("slow")
    slots.feed("slow")
    for _ in range(2):
        slots.take("slow")
    assert slots.behind() == {"slow"}


def test_one_claim_is_bounded() -> None:
    assert bounded({"a": 1000, "b": 3, "c": 0}) == {"a": 100, "b": 3}
