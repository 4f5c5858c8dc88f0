"""Pictures in a bucket that speaks S3, over botocore: its signatures, and its ways to credentials (extra
`aws`).

Needs s3:PutObject, s3:GetObject and s3:DeleteObject below the prefix. Objects are encrypted before they leave
this process.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from adapters.configuration.extras import Extra, missing_extra
from adapters.configuration.pictures_url import Bucket
from adapters.outbound.pictures.names import name_of
from domain.errors import PicturesAway

_TIMEOUT: Final = 3
_POOL: Final = 16
_MISSING: Final = frozenset({"NoSuchKey", "404"})


class BucketPictures:
    """Objects below a prefix of a bucket.

    Raises:
        SettingsError: botocore is missing.
    """

    def __init__(self, bucket: Bucket) -> None:
        try:
            from botocore.config import Config  # noqa: PLC0415 - an extra
            from botocore.session import get_session  # noqa: PLC0415 - as above
        except ImportError:
            raise missing_extra("FACEID_PICTURES_URL: s3", Extra.AWS) from None
        config = Config(
            connect_timeout=_TIMEOUT,
            read_timeout=_TIMEOUT,
            retries={"total_max_attempts": 2, "mode": "standard"},
            max_pool_connections=_POOL,
            s3={"addressing_style": bucket.addressing},
            # The checksums that AWS added in 2025 are unknown to other servers.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self._bucket = bucket
        self._client = get_session().create_client(
            "s3", region_name=bucket.region, endpoint_url=bucket.endpoint, config=config
        )

    async def put(self, verification_id: UUID, pieces: Mapping[str, bytes]) -> None:
        """Keep these pieces; durable on return. Raises PicturesAway."""
        for piece, content in pieces.items():
            await self._call("put_object", verification_id, piece, Body=content)

    async def read(self, verification_id: UUID, piece: str) -> bytes | None:
        """A piece; None if there is none. Raises PicturesAway."""
        found: bytes | None = await self._call("get_object", verification_id, piece)
        return found

    async def delete(self, verification_id: UUID, pieces: Collection[str]) -> None:
        """Delete these pieces. Raises PicturesAway."""
        for piece in pieces:
            await self._call("delete_object", verification_id, piece)

    async def aclose(self) -> None:
        """Close the connections."""
        self._client.close()

    async def _call(self, method: str, verification_id: UUID, piece: str, **asked: Any) -> Any:
        key = self._bucket.prefix + name_of(verification_id, piece)
        return await asyncio.to_thread(self._call_now, method, {"Key": key, **asked})

    def _call_now(self, method: str, asked: dict[str, Any]) -> bytes | None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an extra

        try:
            done = getattr(self._client, method)(Bucket=self._bucket.name, **asked)
            return bytes(done["Body"].read()) if "Body" in done else None
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _MISSING:
                return None
            raise PicturesAway(f"the bucket of pictures refuses a request ({code})") from None
        except (BotoCoreError, OSError) as error:
            raise PicturesAway(f"the bucket of pictures cannot be used ({type(error).__name__})") from None
