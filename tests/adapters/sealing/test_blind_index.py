"""A number has one digest per app and key, and nothing of the number is in it."""

from adapters.sealing.blind_index import BlindIndex
from adapters.sealing.envelope import KeyRing

OLD, NEW = b"o" * 32, b"n" * 32
NUMBER = "11010519491231002X"
INDEX = BlindIndex(KeyRing([OLD]))


def test_however_a_number_is_written_it_has_one_digest() -> None:
    forms = (NUMBER, "110105491231002", "１１０１０５１９４９１２３１００２ｘ", " 110105 19491231 002x ")
    assert len({INDEX.digest("demo", form) for form in forms}) == 1


def test_apps_and_keys_have_digests_of_their_own() -> None:
    others = (INDEX.digest("other", NUMBER), BlindIndex(KeyRing([NEW])).digest("demo", NUMBER))
    assert len({INDEX.digest("demo", NUMBER), *others}) == 3


def test_without_a_number_there_is_no_digest() -> None:
    assert [INDEX.digest("demo", each) for each in (None, "", " ")] == [None] * 3


def test_after_a_rotation_the_older_keys_digests_are_looked_for_too() -> None:
    both = BlindIndex(KeyRing([NEW, OLD]))
    old, new = INDEX.digest("demo", NUMBER), BlindIndex(KeyRing([NEW])).digest("demo", NUMBER)
    assert both.digests("demo", NUMBER) == [new, old]
    assert both.digest("demo", NUMBER) == new
    assert new is not None
    assert new.startswith(both.prefix)
    assert len(new) == 24


def test_odd_texts_have_digests_too() -> None:
    assert INDEX.digest("demo", "\ud800 \0 é") is not None
