"""After a rotation the earlier secrets and keys sign until a date, and no longer."""

from datetime import timedelta

import pytest

from domain.events.webhooks.checks import MAX_SECRETS, check_rotation
from domain.events.webhooks.endpoint import EndpointPrivate, SigningKey
from domain.events.webhooks.mistakes import EndpointRefused, Mistake
from domain.events.webhooks.rotation import rotated
from domain.events.webhooks.signing import SigningSecret, valid_at
from tests.support.storage.stores import NOW

DAY = timedelta(days=1)
FIRST = EndpointPrivate(secrets=(SigningSecret("first"),), keys=(SigningKey(b"1", "whpk_1"),))


def rotate(private: EndpointPrivate, name: str, *, hours: int, overlap: timedelta = DAY) -> EndpointPrivate:
    now = NOW + timedelta(hours=hours)
    key = SigningKey(name.encode(), f"whpk_{name}")
    return rotated(private, secret=name, key=key, now=now, until=now + overlap)


def test_both_secrets_are_valid_until_the_date_the_newest_first() -> None:
    private = rotate(FIRST, "second", hours=0)
    assert valid_at(private.secrets, NOW) == ["second", "first"]
    assert valid_at(private.secrets, NOW + DAY) == ["second"]
    assert [(key.public, key.until) for key in private.keys] == [("whpk_second", None), ("whpk_1", NOW + DAY)]


def test_another_rotation_makes_no_secret_live_longer() -> None:
    private = rotate(rotate(FIRST, "second", hours=0), "third", hours=1)
    ends = {secret.text: secret.until for secret in private.secrets}
    assert ends == {"third": None, "second": NOW + timedelta(hours=25), "first": NOW + DAY}


def test_without_an_overlap_every_earlier_secret_ends() -> None:
    private = rotate(rotate(FIRST, "second", hours=0), "third", hours=1, overlap=timedelta(0))
    assert [secret.text for secret in private.secrets] == ["third"]
    assert [key.public for key in private.keys] == ["whpk_third"]


def test_secrets_that_have_ended_are_dropped() -> None:
    private = rotate(rotate(FIRST, "second", hours=0), "third", hours=48)
    assert [secret.text for secret in private.secrets] == ["third", "second"]


def test_only_some_secrets_are_valid_at_once() -> None:
    private = FIRST
    for n in range(MAX_SECRETS - 1):
        check_rotation(private, NOW)
        private = rotate(private, f"{n}", hours=0)
    with pytest.raises(EndpointRefused) as refused:
        check_rotation(private, NOW)
    assert refused.value.code == Mistake.TOO_MANY_SECRETS
    check_rotation(private, NOW + DAY)


def test_no_repr_shows_a_secret() -> None:
    assert "first" not in f"{FIRST!r} {FIRST.secrets!r}"
    assert "b'1'" not in repr(FIRST.keys)
