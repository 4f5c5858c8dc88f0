"""Open the key store that FACEID_KEYS_URL names."""

from adapters.configuration.keys_url import FOLDER, folder_of, scheme_of
from adapters.keys.folder import FolderKeys
from adapters.keys.guarded import KeyStore
from adapters.keys.postgresql import PgKeys


def open_key_store(url: str) -> KeyStore:
    """The store, which connects at its first use. `url` has passed `check_keys_url`."""
    if scheme_of(url) == FOLDER:
        return FolderKeys(folder_of(url))
    return PgKeys(url)
