"""Why a key store cannot be used."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from domain.errors import ServerAway


class KeysAway(ServerAway):
    """The key store cannot be used just now. `detail`: why, for an operator; without a secret."""

    def __init__(self, detail: str) -> None:
        super().__init__()
        self.detail = detail

    def __str__(self) -> str:
        return self.detail


class WrongKeyStore(KeysAway):
    """The key store answers, but it is another one than before, or was rolled back."""


@contextmanager
def disk_errors(root: object) -> Iterator[None]:
    """Turn OSError into `KeysAway`."""
    try:
        yield
    except OSError as error:
        raise KeysAway(f"the key folder {root} cannot be used ({error.strerror})") from None


@asynccontextmanager
async def server_errors(name: str) -> AsyncIterator[None]:
    """Turn the errors of a server that is away into `KeysAway`."""
    try:
        yield
    except KeysAway:
        raise
    except (ServerAway, OSError, TimeoutError) as error:
        kind = error.kind if isinstance(error, ServerAway) else type(error).__name__
        raise KeysAway(f"{name} cannot be used ({kind})") from None
