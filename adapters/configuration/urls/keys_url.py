"""Parse `FACEID_KEYS_URL`: where the epoch keys and the erasure ledger are kept.

`file:///FOLDER` · `postgresql://…` · a key service with the URL of a registry, which is one of these two:
`vault://HOST:PORT/MOUNT?registry=…`, `aws-kms://REGION?registry=…`, `aliyun-kms://REGION?registry=…`.
"""

import re
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from adapters.configuration.urls.database_url import read_database_url
from adapters.configuration.urls.url_parts import check_file, shown
from adapters.configuration.visible import check_visible

FOLDER: Final = "file"
VAULT: Final = "vault"
AWS: Final = "aws-kms"
ALIYUN: Final = "aliyun-kms"
_DATABASE: Final = frozenset({"postgresql", "postgres", "postgresql+asyncpg"})
_PARAMETERS: Final = {
    VAULT: frozenset({"registry", "namespace", "ca", "tls"}),
    AWS: frozenset({"registry", "endpoint"}),
    ALIYUN: frozenset({"registry", "endpoint"}),
}
_REGION: Final = re.compile(r"[a-z0-9-]{2,40}")
_MOUNT: Final = re.compile(r"/[\w./-]{1,100}", re.ASCII)
_HOST: Final = re.compile(r"[\w.-]+(:[0-9]{1,5})?|\[[0-9a-f:]+\](:[0-9]{1,5})?", re.ASCII)


class ServicePlace(msgspec.Struct, frozen=True):
    """A key service. `where`: HOST:PORT or the region; `mount`: Vault's, without a slash at either end."""

    kind: str
    where: str
    mount: str
    registry: str
    parameters: dict[str, str]

    def __repr__(self) -> str:
        return f"ServicePlace({self.kind!r})"


def check_keys_url(text: str) -> str:
    """The URL itself. Raises ValueError, without any part of it."""
    scheme = scheme_of(text)
    if scheme in _PARAMETERS:
        check_registry(service_of(text).registry)
    else:
        _check_store(scheme, text)
    return text


def check_registry(text: str) -> None:
    """Check the URL of a registry. Raises ValueError."""
    try:
        _check_store(scheme_of(text), text)
    except ValueError as error:
        raise ValueError(f"registry {error}") from None


def scheme_of(text: str) -> str:
    """The kind of store. Raises ValueError."""
    scheme, mark, _ = check_visible(text).partition("://")
    if not mark or scheme not in {FOLDER, *_DATABASE, *_PARAMETERS}:
        raise ValueError("must begin with file:///, postgresql://, vault://, aws-kms:// or aliyun-kms://")
    return scheme


def folder_of(text: str) -> Path:
    """The folder of a `file` URL. Raises ValueError."""
    url = urlsplit(text)
    if url.netloc or url.query or url.fragment or not url.path.startswith("/") or url.path == "/":
        raise ValueError("must name a folder by its whole path: file:///FOLDER")
    return Path(unquote(url.path))


def service_of(text: str) -> ServicePlace:
    """The key service of a URL. Raises ValueError."""
    url = urlsplit(text)
    given = _parameters(url.scheme, url.query)
    if "registry" not in given:
        raise ValueError("needs ?registry=, the URL of the folder or database for epochs and erasures")
    if url.scheme == VAULT:
        _check_vault(url.netloc, url.path, given)
    elif not _REGION.fullmatch(url.netloc) or url.path.strip("/"):
        raise ValueError("must name a region and nothing behind it")
    return ServicePlace(url.scheme, url.netloc, url.path.strip("/"), given["registry"], given)


def _check_store(scheme: str, text: str) -> None:
    if scheme in _PARAMETERS:
        raise ValueError("must be file:///FOLDER or postgresql://…")
    if scheme == FOLDER:
        folder_of(text)
    else:
        read_database_url(text)


def _check_vault(host: str, path: str, given: dict[str, str]) -> None:
    if not _HOST.fullmatch(host) or not _MOUNT.fullmatch(path):
        raise ValueError("must be vault://HOST:PORT/MOUNT, without a token: VAULT_TOKEN has it")
    if "ca" in given:
        check_file("ca", given["ca"])
    if given.get("tls", "off") != "off":
        raise ValueError("tls may only be off")


def _parameters(scheme: str, query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
    except ValueError:
        raise ValueError("has a parameter that is not NAME=VALUE") from None
    given = dict(pairs)
    if len(given) != len(pairs):
        raise ValueError("has a parameter twice")
    if unknown := sorted(given.keys() - _PARAMETERS[scheme]):
        raise ValueError(f"{shown(unknown[0])} is not known")
    return given
