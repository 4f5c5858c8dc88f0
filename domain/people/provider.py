"""What an identity provider proves, and the roles that follow from its groups."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from domain.people.roles import Grant

ROLES_LAST: Final = timedelta(days=7)
"""Roles that follow from a group end so long after the person's last sign-in: the gateway does not hear when
someone leaves the group.
"""


class ProvenIdentity(msgspec.Struct, frozen=True):
    """Who signed in at the provider. `issuer` and `subject` identify the person; `name` may change."""

    issuer: str
    subject: str
    name: str
    groups: tuple[str, ...]


def grants_of(groups: Iterable[str], mapping: Mapping[str, Sequence[Grant]]) -> tuple[Grant, ...]:
    """The roles of a member of these groups. A group that `mapping` does not name gives none."""
    return tuple(sorted({grant for group in groups for grant in mapping.get(group, ())}, key=str))
