"""A link that the admin of some apps made reaches no further: it ends when its person gets more."""

from datetime import timedelta

import pytest

from domain.people.errors import LinkInvalid, NotPermitted
from domain.people.links import Purpose
from domain.people.roles import Grant, Rights, Role, rights_of
from tests.support.storage.people import HERE, OPS
from tests.usecases.people.conftest import Office

PASSWORD = "correct horse battery"
DEMO, OTHER, EVERYWHERE = Grant(Role.REVIEWER, "demo"), Grant(Role.REVIEWER, "other"), Grant(Role.REVIEWER)
OF_DEMO = rights_of([Grant(Role.ADMIN, "demo")])
OF_ALL = rights_of([Grant(Role.ADMIN)])


@pytest.mark.parametrize("more", [OTHER, EVERYWHERE])
@pytest.mark.parametrize("with_passwords", [True, False])
async def test_an_app_admins_link_ends_when_the_person_gets_more(
    office: Office, more: Grant, with_passwords: bool
) -> None:
    invitations = office.inviting(with_passwords=with_passwords)
    for name in ("new", "again"):
        made = await invitations.add(name, [DEMO], actor=OPS, rights=OF_DEMO)
        if name == "again":
            made = await invitations.again(name, actor=OPS, rights=OF_DEMO)
        await office.desk.grant(name, [more], actor=OPS, rights=OF_ALL)
        assert await office.links.find(made.link) is None
        with pytest.raises(LinkInvalid):
            await office.sign_ins.by_link(made.link, password=PASSWORD, origin=HERE)
        with pytest.raises(NotPermitted):
            await invitations.again(name, actor=OPS, rights=OF_DEMO)


async def test_an_app_admins_link_ends_when_the_provider_may_give_more(office: Office) -> None:
    made = await office.invitations.add("li.na", [DEMO], actor=OPS, rights=OF_DEMO)
    await office.desk.link("li.na", issuer="https://login.example", subject="s1", actor=OPS)
    assert await office.links.find(made.link) is None


@pytest.mark.parametrize(
    ("rights", "more"), [(OF_DEMO, Grant(Role.SENIOR, "demo")), (OF_ALL, OTHER), (None, EVERYWHERE)]
)
async def test_other_links_outlive_more_roles(office: Office, rights: Rights | None, more: Grant) -> None:
    made = await office.invitations.add("li.na", [DEMO], actor=OPS, rights=rights)
    await office.desk.grant("li.na", [more], actor=OPS)
    assert await office.sign_ins.by_link(made.link, password=PASSWORD, origin=HERE)


async def test_no_link_is_made_behind_a_role_that_came_meanwhile(office: Office) -> None:
    """The use case has read the person before; what counts is the person as the link is stored."""
    person = await office.person("li.na", DEMO)
    await office.desk.grant("li.na", [EVERYWHERE], actor=OPS)
    ends_at = office.clock() + timedelta(hours=1)
    with pytest.raises(NotPermitted):
        await office.links.add(
            person.id, "secret", purpose=Purpose.INVITE, ends_at=ends_at, actor=OPS, rights=OF_DEMO
        )
    assert await office.links.find("secret") is None


async def test_an_app_admin_invites_nobody_without_a_role(office: Office) -> None:
    with pytest.raises(NotPermitted):
        await office.invitations.add("li.na", [], actor=OPS, rights=OF_DEMO)
    assert await office.persons.find("li.na") is None
