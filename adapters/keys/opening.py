"""Open the key store that FACEID_KEYS_URL names."""

import os

from adapters.configuration.urls.keys_url import (
    ALIYUN,
    AWS,
    FOLDER,
    VAULT,
    ServicePlace,
    folder_of,
    scheme_of,
    service_of,
)
from adapters.keys.folder import FolderKeys
from adapters.keys.guarded import KeyStore
from adapters.keys.postgresql import PgKeys
from adapters.keys.services.service import KeyService
from adapters.keys.services.store import ServiceKeys
from domain.errors import SettingsError


def open_key_store(url: str) -> KeyStore:
    """The store, which connects at its first use. `url` has passed `check_keys_url`.

    Raises:
        SettingsError: credentials or a library are missing.
    """
    scheme = scheme_of(url)
    if scheme == FOLDER:
        return FolderKeys(folder_of(url))
    if scheme in {VAULT, AWS, ALIYUN}:
        place = service_of(url)
        return ServiceKeys(open_key_store(place.registry), _open_service(place))
    return PgKeys(url)


def _open_service(place: ServicePlace) -> KeyService:
    """The service; each is imported where it is used."""
    given = place.parameters
    if place.kind == AWS:
        from adapters.keys.services.aws import AwsService  # noqa: PLC0415 - an extra

        return AwsService(place.where, endpoint=given.get("endpoint"))
    if place.kind == ALIYUN:
        from adapters.keys.services.aliyun import AccessKey, AliyunService  # noqa: PLC0415 - as above

        access = AccessKey(
            _needed("ALIBABA_CLOUD_ACCESS_KEY_ID"),
            _needed("ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
            os.environ.get("ALIBABA_CLOUD_SECURITY_TOKEN"),
        )
        return AliyunService(place.where, access=access, endpoint=given.get("endpoint"))
    from adapters.keys.services.vault import VaultService  # noqa: PLC0415 - as above

    return VaultService(
        f"{'http' if given.get('tls') == 'off' else 'https'}://{place.where}",
        mount=place.mount,
        token=_needed("VAULT_TOKEN"),
        namespace=given.get("namespace"),
        ca=given.get("ca"),
    )


def _needed(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise SettingsError(f"FACEID_KEYS_URL: the environment variable {variable} is not set")
    return value
