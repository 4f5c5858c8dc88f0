"""`doctor` checks whether a person can get in: an admin, and the identity provider."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from adapters.people.oidc.client import OidcClient
from adapters.people.oidc.provider import OidcProvider
from adapters.people.oidc.transport import ProviderTransport
from adapters.people.settings import BACK_PATH
from adapters.postgres.engine import create_engine
from adapters.postgres.sqlstate import DatabaseAway
from adapters.settings.settings import Settings
from adapters.store.people.changes import count_admins
from cli.doctor.check import Check
from domain.errors import SettingsError
from domain.people.errors import ProviderAway


async def check_people(settings: Settings) -> AsyncIterator[Check]:
    """Whether there is an admin of every app, and whether the provider describes itself."""
    yield await _check_admins(settings)
    client = settings.oidc_client()
    if client is not None:
        yield await _check_provider(settings, client)


async def _check_admins(settings: Settings) -> Check:
    engine = create_engine(settings.database_url)
    try:
        async with engine.connect() as connection:
            count = await count_admins(connection)
    except DatabaseAway:
        return Check("people", None, "cannot be checked: PostgreSQL is away, or has another schema")
    finally:
        await engine.dispose()
    if count:
        return Check("people", True, f"{count} admin(s) of every app")
    return Check("people", True, "no admin yet: `faceid-gateway people add NAME --role admin` adds the first")


async def _check_provider(settings: Settings, client: OidcClient) -> Check:
    back_to = settings.console_address() + BACK_PATH
    try:
        transport = ProviderTransport(client.issuer, settings.oidc_way())
    except SettingsError as error:
        return Check("oidc", False, str(error))
    try:
        await OidcProvider(client, transport, clock=lambda: datetime.now(UTC)).address("x", back_to=back_to)
    except ProviderAway:
        return Check("oidc", False, "the identity provider cannot be reached, or is not `oidc_issuer`")
    finally:
        await transport.aclose()
    return Check("oidc", True, f"sends browsers back to {back_to}")
