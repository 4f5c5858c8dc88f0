"""Roles, the scopes that each grants, and the rights that follow from a person's grants."""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from functools import reduce
from typing import Final

import msgspec

Apps = frozenset[str] | None
"""Apps by id; None means every app, including later ones."""

NO_APPS: Final[frozenset[str]] = frozenset()


class Role(StrEnum):
    """What a person does here. A person may have several roles, each in one app or in every app."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    SENIOR = "senior"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    ADMIN = "admin"


_IDENTITY: Final = ("identity:name", "identity:number", "identity:images")
_REVIEWER: Final = ("verifications:read", "review", *_IDENTITY)

SCOPES_OF: Final[Mapping[Role, frozenset[str]]] = {
    Role.VIEWER: frozenset({"verifications:read"}),
    Role.REVIEWER: frozenset(_REVIEWER),
    Role.SENIOR: frozenset({*_REVIEWER, "approve"}),
    Role.OPERATOR: frozenset({"verifications:read", "operate", "endpoints"}),
    Role.AUDITOR: frozenset({"verifications:read", "audit"}),
    Role.ADMIN: frozenset({"verifications:read", "operate", "endpoints", "audit", "people", "erase"}),
}


class Grant(msgspec.Struct, frozen=True, order=True):
    """A role in one app; `app_id` None means in every app."""

    role: Role
    app_id: str | None = None

    def __str__(self) -> str:
        """`reviewer@demo`, or `admin` for every app."""
        return self.role.value if self.app_id is None else f"{self.role}@{self.app_id}"


class Rights(msgspec.Struct, frozen=True):
    """In which apps each scope holds. A scope that is not in `apps_of` holds nowhere."""

    apps_of: Mapping[str, Apps] = {}

    def apps_for(self, scopes: Iterable[str]) -> Apps:
        """The apps in which all of `scopes` hold; without scopes: none."""
        of_each = [self.apps_of.get(scope, NO_APPS) for scope in scopes]
        return reduce(common_apps, of_each) if of_each else NO_APPS

    def may(self, scope: str, app_id: str) -> bool:
        """Whether `scope` holds in this app."""
        apps = self.apps_of.get(scope, NO_APPS)
        return apps is None or app_id in apps

    def has(self, scope: str) -> bool:
        """Whether `scope` holds in at least one app."""
        return self.apps_of.get(scope, NO_APPS) != NO_APPS

    def limited_to(self, scopes: Collection[str] | None) -> "Rights":
        """The same rights without other scopes than these; None keeps all."""
        if scopes is None:
            return self
        return Rights({scope: apps for scope, apps in self.apps_of.items() if scope in scopes})


def rights_of(grants: Iterable[Grant]) -> Rights:
    """The rights of a person with these grants."""
    apps_of: dict[str, Apps] = {}
    for grant in grants:
        apps = None if grant.app_id is None else frozenset({grant.app_id})
        for scope in SCOPES_OF[grant.role]:
            apps_of[scope] = all_apps(apps_of.get(scope, NO_APPS), apps)
    return Rights(apps_of)


def common_apps(one: Apps, other: Apps) -> Apps:
    """The apps that both contain."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


def all_apps(one: Apps, other: Apps) -> Apps:
    """The apps that at least one contains."""
    return None if one is None or other is None else one | other
