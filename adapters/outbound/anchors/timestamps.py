"""Time stamps of an authority (RFC 3161) over the newest block's hash: no one can date the block back."""

from datetime import timedelta
from typing import Final, Protocol

import aiohttp

from adapters.configuration.extras import Extra, missing_extra
from domain.audit.blocks import Block
from domain.errors import AnchorFailed

EVERY: Final = timedelta(hours=1)
"""Authorities ask for few requests. A block is stamped with the newest of its hour."""

_LONGEST: Final = 64 * 1024
_TIMEOUT: Final = aiohttp.ClientTimeout(total=2.5)
"""Within the time of an errand."""


class Timestamps(Protocol):
    """Keeps time stamps."""

    async def is_due(self, *, every: timedelta) -> bool:
        """Whether the newest time stamp is older than this, or there is none."""

    async def keep(self, height: int, token: bytes) -> None:
        """Keep a block's time stamp; another one of this block stays."""


class TimestampAnchor:
    """Asks an authority for a time stamp once an hour.

    Raises:
        SettingsError: `rfc3161-client` is not installed.
    """

    def __init__(self, url: str, timestamps: Timestamps) -> None:
        try:
            import rfc3161_client  # noqa: PLC0415 - an extra
        except ImportError:
            raise missing_extra("FACEID_AUDIT_TSA_URL:", Extra.TIMESTAMPS) from None
        self._rfc3161 = rfc3161_client
        self._url = url
        self._timestamps = timestamps

    async def keep(self, block: Block) -> None:
        """Have the block stamped, unless a block was in the last hour. Raises AnchorFailed, ServerAway."""
        if await self._timestamps.is_due(every=EVERY):
            await self._timestamps.keep(block.height, await self._stamp(block.hash))

    async def _stamp(self, digest: bytes) -> bytes:
        """A time stamp over SHA-256 of `digest`, in DER."""
        algorithm = self._rfc3161.HashAlgorithm.SHA256
        request = self._rfc3161.TimestampRequestBuilder().data(digest).hash_algorithm(algorithm).build()
        try:
            answer = self._rfc3161.decode_timestamp_response(await self._ask(request.as_bytes()))
            info = answer.tst_info
            is_ours = info.message_imprint.message == request.message_imprint.message
            if not is_ours or info.nonce != request.nonce:
                raise AnchorFailed("the authority stamped something else")
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise AnchorFailed(f"no time stamp: {type(error).__name__}") from None
        return answer.as_bytes()

    async def _ask(self, request: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query"}
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.post(self._url, data=request, headers=headers, allow_redirects=False) as answer,
        ):
            answer.raise_for_status()
            return await answer.content.read(_LONGEST)
