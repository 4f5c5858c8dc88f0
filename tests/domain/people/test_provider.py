"""The roles that follow from the groups of an identity provider."""

import pytest

from domain.people.provider import ProvenIdentity, grants_of
from domain.people.roles import Grant, Role

VIEWER, REVIEWER, ADMIN = Grant(Role.VIEWER, "demo"), Grant(Role.REVIEWER, "demo"), Grant(Role.ADMIN)
MAPPING = {"staff": [VIEWER], "desk": [VIEWER, REVIEWER], "ops": (ADMIN,), "": [ADMIN], "empty": []}


@pytest.mark.parametrize(
    ("groups", "grants"),
    [
        ((), ()),
        (("staff",), (VIEWER,)),
        (("staff", "staff"), (VIEWER,)),
        (("desk", "staff"), (REVIEWER, VIEWER)),
        (("staff", "ops", "desk"), (ADMIN, REVIEWER, VIEWER)),
        (("empty",), ()),
        (("unknown", "Staff", " staff"), ()),
        (("unknown", "ops"), (ADMIN,)),
    ],
)
def test_roles_of_groups(groups: tuple[str, ...], grants: tuple[Grant, ...]) -> None:
    assert grants_of(groups, MAPPING) == grants
    assert grants_of(reversed(groups), MAPPING) == grants, "the provider may change the order"


def test_without_a_mapping_no_group_gives_a_role() -> None:
    assert grants_of(["staff", "ops"], {}) == ()


def test_an_identity_without_groups_has_no_roles() -> None:
    proven = ProvenIdentity("https://idp.example", "42", "li.na", ())
    assert grants_of(proven.groups, MAPPING) == ()
