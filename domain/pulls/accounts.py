"""Apps that share a vendor account: a callback to one has a valid signature for the others too.

Each biz_id of such an account belongs to one app: the one that registered it, otherwise the one that
received its first callback. The other apps accept its callbacks for the owner.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from domain.apps.app import App
from domain.pulls.budget import RESULT_KEPT

OWNER_KEPT: Final = 2 * RESULT_KEPT
"""How long the owner of a biz_id is stored. After that the flow is over, and the verifications show the
owner.
"""


class Account(msgspec.Struct, frozen=True):
    """Several apps with one api_key, or with an API_SECRET in common. `name` is a SHA-256 in hex."""

    name: str
    app_ids: tuple[str, ...]


Accounts = Mapping[str, Account]
"""The account of each app that shares one, by app id."""


def sharing(accounts: Accounts, app_id: str) -> tuple[str, ...]:
    """The apps of an app's vendor account, itself among them."""
    return accounts[app_id].app_ids if app_id in accounts else (app_id,)


def shared_accounts(apps: Mapping[str, App]) -> dict[str, Account]:
    """The shared account of each app that shares one, by app id."""
    groups: list[set[str]] = []
    for app_id, app in apps.items():
        joined = [group for group in groups if any(_share(app, apps[other]) for other in group)]
        groups = [group for group in groups if group not in joined] + [{app_id}.union(*joined)]
    accounts = (_account(group, apps) for group in groups if len(group) > 1)
    return {app_id: account for account in accounts for app_id in account.app_ids}


def _share(one: App, other: App) -> bool:
    return one.api_key == other.api_key or not set(one.secrets).isdisjoint(other.secrets)


def _account(group: set[str], apps: Mapping[str, App]) -> Account:
    # The api_key is a credential, so the database stores only its hash.
    key = min(apps[app_id].api_key for app_id in group)
    return Account(hashlib.sha256(b"account " + key.encode()).hexdigest(), tuple(sorted(group)))
