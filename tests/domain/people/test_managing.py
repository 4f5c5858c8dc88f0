"""Nobody gives a role, or manages a person, beyond the apps of the right `people`."""

from uuid import UUID

import pytest

from domain.people.errors import NotPermitted
from domain.people.managing import check_manages, check_may_give
from domain.people.person import Person
from domain.people.roles import Grant, Rights, Role, rights_of
from tests.support.storage.stores import NOW

EVERYWHERE, DEMO, SHOP = (Grant(Role.VIEWER, app_id) for app_id in (None, "demo", "shop"))
OF_ALL = rights_of([Grant(Role.ADMIN)])
OF_DEMO = rights_of([Grant(Role.ADMIN, "demo")])
OF_BOTH = rights_of([Grant(Role.ADMIN, "demo"), Grant(Role.ADMIN, "shop")])
OF_NONE = rights_of([Grant(role) for role in Role if role is not Role.ADMIN])


@pytest.mark.parametrize(
    ("rights", "grants"),
    [
        (None, [EVERYWHERE, DEMO]),
        (None, []),
        (OF_ALL, [EVERYWHERE, DEMO, SHOP]),
        (OF_ALL, []),
        (OF_DEMO, [DEMO]),
        (OF_DEMO, [Grant(Role.ADMIN, "demo")]),
        (OF_DEMO, []),
        (OF_BOTH, [DEMO, SHOP]),
    ],
)
def test_what_may_be_given(rights: Rights | None, grants: list[Grant]) -> None:
    check_may_give(rights, grants)
    check_manages(rights, Person(id=UUID(int=7), name="li.na", grants=tuple(grants), created_at=NOW))


@pytest.mark.parametrize(
    ("rights", "grants"),
    [
        (OF_DEMO, [EVERYWHERE]),
        (OF_DEMO, [SHOP]),
        (OF_DEMO, [DEMO, SHOP]),
        (OF_DEMO, [Grant(Role.VIEWER, "")]),
        (OF_BOTH, [DEMO, EVERYWHERE]),
        (OF_NONE, [DEMO]),
        (OF_NONE, []),
        (Rights(), []),
        (Rights({"people": frozenset()}), []),
    ],
)
def test_what_may_not_be_given(rights: Rights, grants: list[Grant]) -> None:
    with pytest.raises(NotPermitted):
        check_may_give(rights, grants)
    with pytest.raises(NotPermitted):
        check_manages(rights, Person(id=UUID(int=7), name="li.na", grants=tuple(grants), created_at=NOW))


def test_grants_may_come_one_by_one() -> None:
    check_may_give(OF_DEMO, iter([DEMO]))
    with pytest.raises(NotPermitted):
        check_may_give(OF_DEMO, iter([DEMO, SHOP]))
