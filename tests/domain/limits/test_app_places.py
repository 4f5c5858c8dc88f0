"""Each app has separate places; an app without a free one is served again when half of them are free."""

from domain.limits.app_places import AppPlaces, bounded


def filled(*, at_once: int = 4) -> AppPlaces:
    """The places of two apps, all of `slow` taken."""
    places = AppPlaces(["slow", "demo"], at_once=at_once)
    for _ in range(at_once):
        places.take("slow")
    return places


def test_an_app_fills_its_own_places_alone() -> None:
    assert filled().free() == {"slow": 0, "demo": 4}


def test_an_app_without_a_place_is_not_claimed_and_fed_once_when_half_its_places_are_free() -> None:
    places = filled()
    assert places.claimable() == {"demo": 4}
    places.give_back("slow")
    assert not places.feed("slow")
    places.give_back("slow")
    assert [places.feed("slow") for _ in range(2)] == [True, False]
    assert not places.feed("demo"), "it was never hungry"


def test_an_app_with_more_due_than_room_is_fed() -> None:
    places = filled()
    places.claimed(["demo"], frozenset(["demo"]))
    assert places.feed("demo")


def test_an_app_is_behind_while_it_is_crowded_or_has_a_queue() -> None:
    places = filled()
    places.left_out("demo")
    assert places.behind() == {"slow", "demo"}
    places.claimed(["demo"], frozenset())
    places.give_back("slow")
    assert places.behind() == {"slow"}
    places.give_back("slow")
    assert places.behind() == set()


def test_a_slow_app_is_not_behind_until_half_its_places_are_free() -> None:
    places = filled()
    places.give_up_on(places.behind())
    assert places.behind() == set()
    for _ in range(2):
        places.give_back("slow")
    places.feed("slow")
    for _ in range(2):
        places.take("slow")
    assert places.behind() == {"slow"}


def test_one_claim_is_bounded() -> None:
    assert bounded({"a": 1000, "b": 3, "c": 0}) == {"a": 100, "b": 3}
