"""Password hashes by argon2id, computed in threads, few at once."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.people.errors import TooManySignIns
from domain.people.passwords import normal_password

Answer = TypeVar("Answer")

_AT_ONCE: Final = 2
"""Each takes 64 MiB and a core for about a tenth of a second."""

_WAITING: Final = 32
_SOON: Final = 2.0


class Argon2Passwords:
    """Hashes and verifies, `at_once` in parallel; more than `waiting` others are refused."""

    def __init__(
        self, hasher: PasswordHasher | None = None, *, at_once: int = _AT_ONCE, waiting: int = _WAITING
    ) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="passwords")
        self._places = at_once + waiting
        self._dummy = self._hasher.hash("the password of nobody")

    async def hash(self, password: str) -> str:
        """The hash of a new password. Raises TooManySignIns if too many wait."""
        return await self._run(lambda: self._hasher.hash(_bytes(password)))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right. None takes as long as a hash. Raises TooManySignIns if too many
        wait.
        """
        known = self._dummy if password_hash is None else password_hash
        is_right = await self._run(lambda: self._is_right(known, _bytes(password)))
        return is_right and password_hash is not None

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _is_right(self, password_hash: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], Answer]) -> Answer:
        if not self._places:
            raise TooManySignIns(_SOON)
        self._places -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._places += 1


def _bytes(password: str) -> bytes:
    return normal_password(password).encode(errors="surrogatepass")
