"""`doctor` says whether there is an admin, and whether the identity provider can be used."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.envelope import KeyRing
from adapters.settings.settings import load_settings
from cli.doctor.people import check_people
from devstack import ports
from domain.people.roles import Grant, Role
from tests.support.http.provider import CLIENT, Provider, ec_key, running
from tests.support.storage.people import People


async def found() -> list[tuple[str, bool | None, str]]:
    return [(check.name, check.ok, check.detail) async for check in check_people(load_settings())]


async def test_the_first_admin_is_asked_for(
    environment: pytest.MonkeyPatch, engine: AsyncEngine, keys: KeyRing
) -> None:
    people = People(engine, keys)
    await people.person("local", Grant(Role.ADMIN, "demo"))
    [(_, ok, detail)] = await found()
    assert (ok, detail.startswith("no admin yet")) == (True, True)
    await people.person("li.na", Grant(Role.ADMIN))
    assert await found() == [("people", True, "1 admin(s) of every app")]


async def test_a_database_that_is_away_is_a_remark(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FACEID_DATABASE_URL", f"postgresql://nobody@127.0.0.1:{ports.free_port()}/nowhere")
    [(_, ok, detail)] = await found()
    assert (ok, detail.startswith("cannot be checked")) == (None, True)


async def test_the_provider_is_asked_for_its_description(
    environment: pytest.MonkeyPatch, engine: AsyncEngine
) -> None:
    environment.setenv("FACEID_CONSOLE_URL", "https://console.example")
    environment.setenv("FACEID_OIDC_CLIENT_ID", CLIENT)
    environment.setenv("FACEID_OIDC_GROUPS", "staff=viewer")
    async with running(Provider(lambda: datetime.now(UTC), [ec_key()])) as provider:
        environment.setenv("FACEID_OIDC_ISSUER", provider.issuer)
        back = "https://console.example/login/oidc/back"
        assert (await found())[1] == ("oidc", True, f"sends browsers back to {back}")
        provider.metadata = {"issuer": "https://evil.example"}
        assert (await found())[1][:2] == ("oidc", False)
