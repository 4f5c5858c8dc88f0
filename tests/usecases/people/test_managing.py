"""Admins manage persons in their apps alone; links and tokens have bounds; persons keep their own account."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pyotp
import pytest

from domain.people.entry import Way
from domain.people.errors import (
    NameRefused,
    NameTaken,
    NoSuchPerson,
    NoSuchPersonalToken,
    NotPermitted,
    OutOfBounds,
    PasswordRefused,
    ScopeRefused,
    SignInFailed,
)
from domain.people.links import Purpose
from domain.people.roles import Grant, Rights, Role, rights_of
from domain.people.session import Session
from tests.support.storage.people import HERE, OPS
from tests.usecases.people.conftest import Office

DEMO, OTHER = Grant(Role.REVIEWER, "demo"), Grant(Role.REVIEWER, "other")
OF_DEMO = rights_of([Grant(Role.ADMIN, "demo")])
OF_ALL = rights_of([Grant(Role.ADMIN)])
PASSWORD = "correct horse battery"


async def test_a_new_person_gets_an_invitation(office: Office) -> None:
    made = await office.invitations.add(" Li.Na ", [DEMO], actor=OPS)
    assert (made.person.name, made.person.grants, made.purpose) == ("li.na", (DEMO,), Purpose.INVITE)
    assert made.ends_at == office.clock() + timedelta(hours=24)
    assert made.link not in repr(made)
    await office.sign_ins.by_link(made.link, password=PASSWORD, origin=HERE)
    with pytest.raises(NameTaken):
        await office.invitations.add("LI.NA", [], actor=OPS)


async def test_with_a_provider_a_link_sets_no_password(office: Office) -> None:
    made = await office.inviting(with_passwords=False).add("li.na", [DEMO], actor=OPS)
    assert made.purpose is Purpose.SIGN_IN


@pytest.mark.parametrize("name", ["", "李娜", "a b", ".a", "x" * 65, "a/b", "<b>"])
async def test_a_name_of_another_shape_is_refused(office: Office, name: str) -> None:
    with pytest.raises(NameRefused):
        await office.invitations.add(name, [], actor=OPS)


@pytest.mark.parametrize("life", [timedelta(minutes=14), timedelta(hours=25), timedelta(-1)])
async def test_a_link_lives_neither_shorter_nor_longer(office: Office, life: timedelta) -> None:
    with pytest.raises(OutOfBounds):
        await office.invitations.add("li.na", [], actor=OPS, life=life)
    assert await office.persons.find("li.na") is None


async def test_another_invitation_replaces_password_and_second_factor(office: Office) -> None:
    made = await office.invitations.add("li.na", [DEMO], actor=OPS)
    await office.sign_ins.by_link(made.link, password=PASSWORD, origin=HERE)
    await office.proofs.set_code(made.person.id, office.codes.new_secret(), actor=OPS)
    again = await office.invitations.again("li.na", actor=OPS, without_code=True)
    await office.sign_ins.by_link(again.link, password="another long password", origin=HERE)
    await office.sign_ins.by_password("li.na", "another long password", "", origin=HERE)
    with pytest.raises(SignInFailed):
        await office.sign_ins.by_password("li.na", PASSWORD, "", origin=HERE)


async def test_nobody_is_not_invited_again(office: Office) -> None:
    await office.person("gone")
    await office.desk.disable("gone", actor=OPS)
    for name in ("nobody", "gone", "李娜"):
        with pytest.raises(NoSuchPerson):
            await office.invitations.again(name, actor=OPS)
        with pytest.raises(NoSuchPerson):
            await office.invitations.to_sign_in(name, actor=OPS)


@pytest.mark.parametrize(
    ("rights", "may_demo", "may_other", "may_all"),
    [(None, True, True, True), (OF_ALL, True, True, True), (OF_DEMO, True, False, False),
     (rights_of([Grant(Role.SENIOR)]), False, False, False), (Rights(), False, False, False)],
)  # fmt: skip
async def test_an_admin_gives_and_takes_in_the_own_apps_alone(
    office: Office, rights: Rights | None, may_demo: bool, may_other: bool, may_all: bool
) -> None:
    for n, (grant, may) in enumerate([(DEMO, may_demo), (OTHER, may_other), (Grant(Role.VIEWER), may_all)]):
        target = await office.person(f"p{n}", grant)
        changes = (
            office.desk.grant(target.name, [grant], actor=OPS, rights=rights),
            office.desk.revoke(target.name, [Grant(Role.ADMIN, grant.app_id)], actor=OPS, rights=rights),
            office.desk.end_sessions(target.name, actor=OPS, rights=rights),
            office.invitations.again(target.name, actor=OPS, rights=rights),
            office.invitations.add(f"new{n}", [grant], actor=OPS, rights=rights),
            office.desk.disable(target.name, actor=OPS, rights=rights),
            office.desk.enable(target.name, actor=OPS, rights=rights),
        )
        for change in changes:
            if may:
                await change
            else:
                with pytest.raises(NotPermitted):
                    await change


async def test_an_admin_of_an_app_does_not_touch_an_admin_of_all(office: Office) -> None:
    await office.person("boss", Grant(Role.ADMIN), DEMO)
    for change in (
        office.desk.disable("boss", actor=OPS, rights=OF_DEMO),
        office.invitations.again("boss", actor=OPS, rights=OF_DEMO),
        office.desk.end_sessions("boss", actor=OPS, rights=OF_DEMO),
    ):
        with pytest.raises(NotPermitted):
            await change


async def test_a_personal_token_has_bounds(office: Office) -> None:
    person = await office.person("li.na", DEMO)
    bounds: tuple[tuple[type[Exception], dict[str, Any]], ...] = (
        (NameRefused, {"name": " "}),
        (NameRefused, {"name": "x" * 65}),
        (NameRefused, {"name": "a\nb"}),
        (ScopeRefused, {"scopes": ["review", "everything"]}),
        (OutOfBounds, {"life": timedelta(days=367)}),
        (OutOfBounds, {"life": timedelta(0)}),
    )
    for refused, values in bounds:
        wanted: dict[str, Any] = {"name": "laptop", "actor": OPS} | values
        with pytest.raises(refused):
            await office.personal.create(person.id, **wanted)
    with pytest.raises(NoSuchPerson):
        await office.personal.create(uuid4(), "laptop", actor=OPS)


async def test_only_the_own_token_is_revoked(office: Office) -> None:
    person, other = await office.person("li.na", DEMO), await office.person("other")
    token = await office.personal.create(person.id, "laptop", actor=OPS)
    (listed,) = await office.personal.page(None, limit=10)
    assert await office.personal.page(other.id, limit=10) == []
    with pytest.raises(NoSuchPersonalToken):
        await office.personal.revoke(listed.id, actor=OPS, person_id=other.id)
    assert await office.bearers.check(token) is not None
    await office.personal.revoke(listed.id, actor=OPS, person_id=person.id)
    assert await office.bearers.check(token) is None


async def signed_in(office: Office) -> Session:
    """The session of a person with `PASSWORD`."""
    made = await office.invitations.add("li.na", [DEMO], actor=OPS)
    cookie = await office.sign_ins.by_link(made.link, password=PASSWORD, origin=HERE)
    session = await office.sessions.check(cookie)
    assert session is not None
    return session


async def test_a_person_changes_the_own_password(office: Office) -> None:
    session = await signed_in(office)
    other = await office.sessions.open(session.person.id, Way.PASSWORD, origin=HERE)
    with pytest.raises(SignInFailed):
        await office.account.change_password(session, "wrong", "another long password", address=None)
    with pytest.raises(PasswordRefused):
        await office.account.change_password(session, PASSWORD, "short", address=None)
    (row,) = await office.audited("sign_in.failed")
    assert (row["subject"], row["detail"]) == ("li.na", {"by": "password", "why": "account"})
    assert await office.sessions.check(other) is not None
    await office.account.change_password(session, PASSWORD, "another long password", address=None)
    assert await office.sessions.check(other) is None
    assert await office.sign_ins.by_password("li.na", "another long password", "", origin=HERE)
    assert [row["actor"] for row in await office.audited("password.set")] == ["person:li.na"] * 2


async def test_a_second_factor_counts_once_a_code_was_seen(office: Office) -> None:
    session = await signed_in(office)
    new = office.account.new_code(session)
    assert "otpauth://totp/" in new.address
    assert new.secret not in repr(new)
    code = pyotp.TOTP(new.secret).at(office.clock())
    for password, shown in (("wrong", code), (PASSWORD, "abc")):
        with pytest.raises(SignInFailed):
            await office.account.set_code(session, password, new.secret, shown, address=None)
    assert await office.sign_ins.by_password("li.na", PASSWORD, "", origin=HERE)
    await office.account.set_code(session, PASSWORD, new.secret, code, address=None)
    for shown in ("", code):
        with pytest.raises(SignInFailed):
            await office.sign_ins.by_password("li.na", PASSWORD, shown, origin=HERE)
    with pytest.raises(SignInFailed):
        await office.account.remove_code(session, "wrong", address=None)
    await office.account.remove_code(session, PASSWORD, address=None)
    assert await office.sign_ins.by_password("li.na", PASSWORD, "", origin=HERE)
    for action in ("second_factor.set", "second_factor.removed"):
        assert [row["actor"] for row in await office.audited(action)] == ["person:li.na"]


async def test_an_app_admin_gets_into_no_account_that_had_or_may_get_more(office: Office) -> None:
    """Roles that have lapsed come back, also to sessions and passwords that someone else made meanwhile."""
    former = await office.person("former", Grant(Role.REVIEWER), Grant(Role.ADMIN, "demo"))
    await office.desk.revoke(former.name, former.grants, actor=OPS)
    proven = await office.person("proven", DEMO)
    await office.persons.link(proven.id, "https://login.example", "s1", actor=OPS)
    for attack in (
        office.desk.grant(former.name, [DEMO], actor=OPS, rights=OF_DEMO),
        office.invitations.again(former.name, actor=OPS, rights=OF_DEMO),
        office.desk.disable(former.name, actor=OPS, rights=OF_DEMO),
        office.invitations.again(proven.name, actor=OPS, rights=OF_DEMO),
    ):
        with pytest.raises(NotPermitted):
            await attack
    assert (await office.desk.grant(former.name, [DEMO], actor=OPS, rights=OF_ALL)).grants == (DEMO,)
    assert (await office.invitations.again(proven.name, actor=OPS, rights=OF_ALL)).link
