"""Signing in at an identity provider: only a mapped group opens a session."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest

from adapters.sealing.random_secrets import new_secret
from adapters.store.people.failures import PgSignInFailures
from adapters.store.people.tries import PgSignInLimits
from domain.limits.throttle import Rate
from domain.people.errors import ProviderRefused, SignInFailed, TooManySignIns
from domain.people.provider import ProvenIdentity
from domain.people.roles import Grant, Role
from tests.support.storage.people import HERE, OPS
from tests.usecases.people.conftest import Office
from usecases.people.provider_sign_in import ProviderSignIns

BACK = "https://console.example/login/oidc/back"
STAFF = Grant(Role.REVIEWER, "demo")
GROUPS: Mapping[str, Sequence[Grant]] = {"staff": [STAFF], "admins": [Grant(Role.ADMIN)]}


@dataclass
class Vouching:
    """A provider that vouches for everyone."""

    name: str = "li.na"
    groups: tuple[str, ...] = ("staff", "unknown")

    async def address(self, secret: str, *, back_to: str) -> str:
        return f"https://login.example/?{back_to}"

    async def prove(self, secret: str, *, state: str, code: str, back_to: str) -> ProvenIdentity:
        if state != secret:
            raise ProviderRefused("state")
        return ProvenIdentity("https://login.example", "s1", self.name, self.groups)


def desk(office: Office, provider: Vouching) -> ProviderSignIns:
    return ProviderSignIns(
        provider=provider,
        groups=GROUPS,
        back_to=BACK,
        persons=office.proven,
        sessions=office.sessions,
        limits=office.limits,
        failures=PgSignInFailures(office.engine),
        new_secret=new_secret,
    )


async def signed_in(office: Office, provider: Vouching) -> str:
    secret, address = await desk(office, provider).begin()
    assert address.endswith(BACK)
    return await desk(office, provider).finish(secret, state=secret, code="c", origin=HERE)


async def test_a_group_gives_its_role(office: Office) -> None:
    session = await office.sessions.check(await signed_in(office, Vouching(" Li.Na ")))
    assert session is not None
    assert (session.person.name, session.person.grants) == ("li.na", (STAFF,))
    (row,) = await office.audited("person.signed_in")
    assert row["detail"] == {"by": "oidc"}


@pytest.mark.parametrize(
    ("provider", "code"),
    [(Vouching(groups=()), "no_role"), (Vouching(groups=("Staff",)), "no_role"),
     (Vouching(name="李娜"), "no_name"), (Vouching(name=""), "no_name"),
     (Vouching(name="taken"), "name_taken")],
)  # fmt: skip
async def test_otherwise_nobody_gets_in(office: Office, provider: Vouching, code: str) -> None:
    await office.person("taken", Grant(Role.ADMIN))
    with pytest.raises(ProviderRefused) as refused:
        await signed_in(office, provider)
    assert refused.value.code == code
    assert [each.name for each in await office.persons.page(limit=9)] == ["taken"]
    assert [row["detail"]["why"] for row in await office.audited("sign_in.failed")] == [code]


async def test_who_left_every_group_loses_the_role_and_stays_out(office: Office) -> None:
    cookie = await signed_in(office, Vouching())
    with pytest.raises(ProviderRefused, match="no_role"):
        await signed_in(office, Vouching(groups=()))
    session = await office.sessions.check(cookie)
    assert session is not None
    assert not session.rights.has("review"), "the open session lost it, too"


async def test_a_disabled_person_stays_out(office: Office) -> None:
    await signed_in(office, Vouching())
    await office.desk.disable("li.na", actor=OPS)
    with pytest.raises(SignInFailed):
        await signed_in(office, Vouching())


async def test_what_proves_nothing_is_noted(office: Office) -> None:
    with pytest.raises(ProviderRefused, match="state"):
        await desk(office, Vouching()).finish("secret", state="forged", code="c", origin=HERE)
    (row,) = await office.audited("sign_in.failed")
    assert (row["subject"], row["detail"]) == (None, {"by": "oidc", "why": "state"})


async def test_too_many_failed_tries_from_one_address_wait(office: Office) -> None:
    office.limits = PgSignInLimits(office.engine, by_address=Rate(1 / 30, 2))
    failing, right = Vouching(groups=()), Vouching()
    for provider in (right, right, failing, right, failing):
        with suppress(ProviderRefused):
            await signed_in(office, provider)
    with pytest.raises(TooManySignIns) as waits:
        await signed_in(office, right)
    assert 0 < waits.value.retry_after <= 30
    assert len(await office.audited("sign_in.failed")) == 2, "who waits is not noted again"
