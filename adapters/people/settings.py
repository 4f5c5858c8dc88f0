"""The settings of the console's address and of the identity provider."""

from collections.abc import Collection, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode

from adapters.configuration.values import EgressProxy, HttpUrl, Key, Secret, WebhookTarget, split_list
from adapters.outbound.webhooks.tls import BadCertificate, tls_context
from adapters.people.oidc.client import OidcClient
from adapters.people.oidc.way import ProviderWay
from domain.errors import SettingsError
from domain.events.webhooks.addresses import parse_allowed
from domain.people.roles import Grant, Role

DEFAULT_CONSOLE_URL: Final = "http://127.0.0.1:8081"
BACK_PATH: Final = "/login/oidc/back"
"""The path of the console to which the provider sends the browser back."""


def read_group(text: str) -> tuple[str, Grant]:
    """The group and the role of `GROUP=ROLE` or `GROUP=ROLE@APP`. Raises ValueError."""
    group, _, grant = text.rpartition("=")
    role, _, app_id = grant.partition("@")
    if not group.strip() or role not in {each.value for each in Role} or ("@" in grant and not app_id):
        raise ValueError("must be GROUP=ROLE or GROUP=ROLE@APP, with a role that exists")
    return group.strip(), Grant(Role(role), app_id or None)


def _check_group(text: str) -> str:
    read_group(text)
    return text


def _check_origin(text: str) -> str:
    """The address of a host, without a path, and HTTPS unless it is this machine. Raises ValueError."""
    _check_https(text)
    parts = urlsplit(text)
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("must be https://HOST, without a path")
    return text.rstrip("/")


def _check_https(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        raise ValueError("must begin with https://, except on this machine")
    return text


def _check_zone(text: str) -> str:
    """The name of a time zone, such as Asia/Shanghai. Raises ValueError."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError("must be the name of a time zone, such as Asia/Shanghai") from None
    return text


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


_Group = Annotated[str, AfterValidator(_check_group)]
_Texts = Annotated[list[str], NoDecode, BeforeValidator(split_list)]


class PeopleSettings(BaseSettings):
    """Where the console is, and where persons sign in. `oidc_groups`: `GROUP=ROLE[@APP]`."""

    console_timezone: Annotated[str, AfterValidator(_check_zone)] = "UTC"
    console_url: Annotated[HttpUrl, AfterValidator(_check_origin)] | None = None
    oidc_issuer: Annotated[HttpUrl, AfterValidator(_check_https)] | None = None
    oidc_client_id: Key | None = None
    oidc_client_secret: Secret | None = Field(None, repr=False)
    oidc_groups: Annotated[list[_Group], NoDecode, BeforeValidator(split_list)] = []
    oidc_scopes: _Texts = ["openid", "profile"]
    oidc_name_claim: str = "preferred_username"
    oidc_groups_claim: str = "groups"
    oidc_title: str = "OpenID Connect"
    oidc_allow: Annotated[list[WebhookTarget], NoDecode, BeforeValidator(split_list)] = []
    oidc_proxy: EgressProxy | None = Field(None, repr=False)
    oidc_ca: Path | None = None

    def console_address(self) -> str:
        """Where browsers find the console."""
        return self.console_url or DEFAULT_CONSOLE_URL

    def oidc_client(self) -> OidcClient | None:
        """The registration at the identity provider, if one is configured."""
        if self.oidc_issuer is None or self.oidc_client_id is None:
            return None
        secret = self.oidc_client_secret
        return OidcClient(
            issuer=self.oidc_issuer,
            client_id=self.oidc_client_id,
            client_secret=None if secret is None else secret.get_secret_value(),
            scopes=tuple(self.oidc_scopes),
            name_claim=self.oidc_name_claim,
            groups_claim=self.oidc_groups_claim,
        )

    def oidc_way(self) -> ProviderWay:
        """How the identity provider is reached. Raises SettingsError: the certificates cannot be used."""
        ca = None if self.oidc_ca is None else _read_certificates(self.oidc_ca)
        return ProviderWay(parse_allowed(self.oidc_allow), self.oidc_proxy, ca)

    def oidc_grants(self) -> Mapping[str, Sequence[Grant]]:
        """The roles of each group of the provider."""
        grants: dict[str, list[Grant]] = {}
        for group, grant in map(read_group, self.oidc_groups):
            grants.setdefault(group, []).append(grant)
        return grants


def _read_certificates(file: Path) -> str:
    try:
        text = file.read_text()
        tls_context(text, None)
    except OSError as error:
        raise SettingsError(f"FACEID_OIDC_CA: the file cannot be read ({error.strerror})") from None
    except (BadCertificate, UnicodeDecodeError):
        raise SettingsError("FACEID_OIDC_CA: the file has no certificate in PEM") from None
    return text


def problems_of_people(settings: PeopleSettings, app_ids: Collection[str]) -> list[str]:
    """One line for each setting of the provider that lacks another one, or names an unknown app."""
    if settings.oidc_issuer is None:
        wanted = [] if settings.oidc_client_id is None else ["FACEID_OIDC_ISSUER: not set"]
    else:
        needed = {
            "FACEID_OIDC_CLIENT_ID": settings.oidc_client_id,
            "FACEID_OIDC_GROUPS": settings.oidc_groups,
            "FACEID_CONSOLE_URL": settings.console_url,
        }
        wanted = [
            f"{name}: not set, but FACEID_OIDC_ISSUER is" for name, value in needed.items() if not value
        ]
    grants = [read_group(text)[1] for text in settings.oidc_groups]
    unknown = [n for n, grant in enumerate(grants, 1) if grant.app_id not in {None, *app_ids}]
    return wanted + [f"FACEID_OIDC_GROUPS: item {n}: there is no such app" for n in unknown]
