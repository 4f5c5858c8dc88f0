"""Signing in: right passwords, codes and links alone, and no answer that tells which part was wrong."""

import asyncio
from datetime import timedelta
from typing import Literal

import pyotp
import pytest
from argon2 import PasswordHasher

from adapters.store.people.tries import PgSignInLimits
from domain.limits.throttle import Rate
from domain.people.entry import Origin
from domain.people.errors import LinkInvalid, PasswordRefused, SignInFailed, TooManySignIns
from domain.people.links import Purpose
from domain.people.person import Person, PersonState
from domain.people.roles import Grant, Role
from tests.support.storage.people import HERE, OPS
from tests.usecases.people.conftest import Office

PASSWORD = "correct horse battery"
VIEWER = Grant(Role.VIEWER, "demo")


async def invited(office: Office, name: str = "li.na") -> Person:
    """A person who has set the password."""
    person = await office.person(name, VIEWER)
    link = await office.link(person, Purpose.INVITE)
    await office.sign_ins.by_link(link, password=PASSWORD, origin=HERE)
    return person


async def tried(
    office: Office, name: str, password: str, code: str = "", origin: Origin = HERE
) -> str | None:
    """The cookie, or None if the sign-in failed."""
    try:
        return await office.sign_ins.by_password(name, password, code, origin=origin)
    except SignInFailed:
        return None


async def test_the_right_password_opens_a_session(office: Office) -> None:
    await invited(office)
    for name in ("li.na", " Li.Na "):
        cookie = await tried(office, name, PASSWORD)
        assert cookie is not None
        session = await office.sessions.check(cookie)
        assert session is not None
        assert session.person.name == "li.na"


@pytest.mark.parametrize(
    ("name", "password"),
    [("li.na", "wrong password!!"), ("li.na", ""), ("li.na", PASSWORD + "x"), ("li.na", PASSWORD.upper()),
     ("nobody", PASSWORD), ("", PASSWORD), ("李娜", PASSWORD), ("li.na\0", PASSWORD),
     ("li.na", "\ud800" * 12), ("li.na", PASSWORD + " " * 200), ("x" * 5000, "y" * 5000)],
)  # fmt: skip
async def test_anything_else_fails_alike(office: Office, name: str, password: str) -> None:
    await invited(office)
    with pytest.raises(SignInFailed) as failed:
        await office.sign_ins.by_password(name, password, "", origin=HERE)
    assert str(failed.value) == ""
    (row,) = await office.audited("sign_in.failed")
    assert row["subject"] in {None, "li.na"}
    assert row["actor"] == "gateway:sign-in"


async def test_an_unknown_name_costs_a_hash_as_well(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await invited(office)
    disabled = await invited(office, "wang.wei")
    await office.persons.set_state(disabled.id, PersonState.DISABLED, actor=OPS)
    await office.person("no.password")
    hashed: list[str] = []

    class Noted(PasswordHasher):
        def verify(self, known: str | bytes, text: str | bytes) -> Literal[True]:
            hashed.append(str(known))
            return super().verify(known, text)

    monkeypatch.setattr(office.passwords, "_hasher", Noted(time_cost=1, memory_cost=8, parallelism=1))
    for name in ("li.na", "nobody", "wang.wei", "no.password", "李娜"):
        assert await tried(office, name, "wrong password!!") is None
    assert len(hashed) == 5
    assert {known.split("$")[3] for known in hashed} == {hashed[0].split("$")[3]}, "all at the same cost"


async def test_a_disabled_person_does_not_sign_in(office: Office) -> None:
    person = await invited(office)
    await office.desk.disable("li.na", actor=OPS)
    assert await tried(office, "li.na", PASSWORD) is None
    await office.desk.enable("li.na", actor=OPS)
    assert await tried(office, "li.na", PASSWORD) is not None
    assert [row["actor"] for row in await office.audited("person.enabled")] == [str(OPS)]
    assert (await office.persons.get(person.id)) is not None


async def test_a_code_is_wanted_and_used_once(office: Office) -> None:
    person = await invited(office)
    secret = office.codes.new_secret()
    await office.proofs.set_code(person.id, secret, actor=OPS)
    code = pyotp.TOTP(secret).at(office.clock())
    assert await tried(office, "li.na", PASSWORD) is None
    assert await tried(office, "li.na", PASSWORD, "000000" if code != "000000" else "111111") is None
    assert await tried(office, "li.na", "wrong password!!", code) is None, "and does not use it up"
    assert await tried(office, "li.na", PASSWORD, code) is not None
    assert await tried(office, "li.na", PASSWORD, code) is None
    office.clock.now += timedelta(seconds=30)
    following = pyotp.TOTP(secret).at(office.clock())
    ends = await asyncio.gather(*(tried(office, "li.na", PASSWORD, following) for _ in range(4)))
    assert sum(end is not None for end in ends) == 1


async def test_an_unreadable_second_factor_keeps_out(office: Office) -> None:
    person = await invited(office)
    await office.proofs.set_code(person.id, office.codes.new_secret(), actor=OPS)
    await office.run("UPDATE persons SET code_ct = 'x'")
    assert await tried(office, "li.na", PASSWORD) is None
    assert await tried(office, "li.na", PASSWORD, "000000") is None


async def test_too_many_tries_wait(office: Office) -> None:
    await invited(office)
    elsewhere = [Origin(f"198.51.100.{n}") for n in range(11)]
    for origin in elsewhere[:10]:
        assert await tried(office, "wang.wei", "wrong password!!", origin=origin) is None
    with pytest.raises(TooManySignIns) as refused:
        await tried(office, "wang.wei", "wrong password!!", origin=elsewhere[10])
    assert 0 < refused.value.retry_after <= 60, "an unknown name waits like a known one"


async def test_where_a_provider_is_configured_no_password_counts(office: Office) -> None:
    await invited(office)
    with pytest.raises(SignInFailed):
        await office.signing_in(with_passwords=False).by_password("li.na", PASSWORD, "", origin=HERE)


@pytest.mark.parametrize(
    ("password", "code"),
    [(None, "too_short"), ("", "too_short"), ("short", "too_short"), ("x" * 129, "too_long"),
     ("aaaaaaaaaaaaa", "too_easy"), ("li.na's password", "too_easy"), ("abcdefghijklm", "too_easy")],
)  # fmt: skip
async def test_a_refused_password_leaves_the_invitation(
    office: Office, password: str | None, code: str
) -> None:
    person = await office.person("li.na")
    link = await office.link(person, Purpose.INVITE)
    with pytest.raises(PasswordRefused) as refused:
        await office.sign_ins.by_link(link, password=password, origin=HERE)
    assert refused.value.code == code
    assert (await office.sign_ins.find_link(link, origin=HERE)).person == person.ref


async def test_a_link_that_signs_in_needs_no_password(office: Office) -> None:
    link = await office.link(await office.person())
    cookie = await office.sign_ins.by_link(link, password=PASSWORD, origin=HERE)
    assert await office.sessions.check(cookie) is not None
    assert await tried(office, "li.na", PASSWORD) is None, "and sets none"
    for use in (
        office.sign_ins.by_link(link, password=None, origin=HERE),
        office.sign_ins.find_link("x", origin=HERE),
    ):
        with pytest.raises(LinkInvalid):
            await use


async def test_a_password_from_another_keyboard_is_the_same(office: Office) -> None:
    person = await office.person("li.na")
    link = await office.link(person, Purpose.INVITE)
    await office.sign_ins.by_link(link, password="pässwörd ４２ ok", origin=HERE)
    assert await tried(office, "li.na", "pa\u0308sswo\u0308rd 42 ok") is not None


async def test_links_that_are_none_wait_and_a_valid_one_never_does(office: Office) -> None:
    office.limits = PgSignInLimits(office.engine, by_address=Rate(1 / 30, 2))
    sign_ins = office.signing_in()
    for n in range(2):
        with pytest.raises(LinkInvalid):
            await sign_ins.find_link(f"guess-{n}", origin=HERE)
    with pytest.raises(TooManySignIns):
        await sign_ins.by_link("guess", password=None, origin=HERE)
    notes = [row["detail"] for row in await office.audited("sign_in.failed")]
    assert notes == [{"by": "link", "why": "link"}] * 2
    assert await sign_ins.by_link(await office.link(await office.person()), password=None, origin=HERE)
