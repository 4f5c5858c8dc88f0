"""Which apps share a vendor account: those with one api_key, or with an API_SECRET in common."""

import pytest

from domain.apps.app import App
from domain.pulls.accounts import shared_accounts


def app(app_id: str, key: str, *secrets: bytes) -> App:
    return App(app_id=app_id, api_key=key, secrets=secrets)


ALONE = app("alone", "key-0", b"secret-0")


@pytest.mark.parametrize(
    "apps",
    [
        [app("a", "key-1", b"s1"), app("b", "key-1", b"s1")],
        [app("a", "key-1", b"s1"), app("b", "key-1", b"s2")],
        [app("a", "key-1", b"s1"), app("b", "key-2", b"s1")],
        [app("a", "key-1", b"new", b"old"), app("b", "key-2", b"other", b"old")],
    ],
    ids=["all", "key", "secret", "older secret"],
)
def test_two_apps_share_an_account(apps: list[App]) -> None:
    accounts = shared_accounts({each.app_id: each for each in [*apps, ALONE]})
    assert set(accounts) == {"a", "b"}
    assert accounts["a"] == accounts["b"]
    assert accounts["a"].app_ids == ("a", "b")


def test_two_shared_secrets_join_three_apps_in_one_account() -> None:
    apps = [app("a", "key-1", b"s1"), app("c", "key-3", b"s3"), app("b", "key-3", b"s1")]
    accounts = shared_accounts({each.app_id: each for each in apps})
    assert {account.app_ids for account in accounts.values()} == {("a", "b", "c")}


def test_an_accounts_name_shows_no_key_and_ignores_the_order_of_apps() -> None:
    apps = [app("a", "key-1", b"s1"), app("b", "key-2", b"s1")]
    accounts = [shared_accounts({each.app_id: each for each in order}) for order in (apps, apps[::-1])]
    assert accounts[0]["a"].name == accounts[1]["b"].name
    assert "key" not in accounts[0]["a"].name


def test_apps_with_accounts_of_their_own_share_none() -> None:
    assert shared_accounts({"alone": ALONE, "a": app("a", "key-1", b"s1")}) == {}
