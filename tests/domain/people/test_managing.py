"""Nobody gives a role, or manages a person, beyond the apps of the right `people`."""

from uuid import UUID

import pytest

from domain.people.errors import NotPermitted
from domain.people.managing import check_manages, check_may_give, check_may_let_in, widens
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


def test_who_has_no_role_now_is_an_app_admins_to_manage_no_more() -> None:
    nobody = Person(id=UUID(int=7), name="li.na", created_at=NOW)
    for rights in (OF_DEMO, OF_BOTH):
        with pytest.raises(NotPermitted):
            check_manages(rights, nobody)
    check_manages(OF_ALL, nobody)
    check_manages(None, nobody)


def test_only_an_admin_of_every_app_lets_in_who_may_get_roles_from_the_provider() -> None:
    person = Person(id=UUID(int=7), name="li.na", grants=(DEMO,), signs_in_by=("oidc",), created_at=NOW)
    check_manages(OF_DEMO, person)
    with pytest.raises(NotPermitted):
        check_may_let_in(OF_DEMO, person)
    for rights in (OF_ALL, None):
        check_may_let_in(rights, person)
    check_may_let_in(OF_DEMO, Person(id=UUID(int=7), name="wang", grants=(DEMO,), created_at=NOW))


@pytest.mark.parametrize(
    ("before", "given", "expected"),
    [
        ([], [], False),
        ([], [DEMO], True),
        ([DEMO], [Grant(Role.ADMIN, "demo")], False),
        ([DEMO], [DEMO, SHOP], True),
        ([DEMO, SHOP], [EVERYWHERE], True),
        ([EVERYWHERE], [DEMO, SHOP], False),
    ],
)
def test_roles_widen_where_they_reach_another_app(
    before: list[Grant], given: list[Grant], expected: bool
) -> None:
    assert widens(before, given) is expected
