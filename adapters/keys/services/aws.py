"""AWS KMS, over botocore: its signatures, and its ways to credentials (extra `aws`).

Needs kms:CreateKey, Encrypt, Decrypt and ScheduleKeyDeletion. A key whose deletion is scheduled decrypts
nothing from then on; until the window of seven days ends, an administrator can cancel it.
"""

import asyncio
import base64
from typing import Any, Final

from adapters.configuration.extras import Extra, missing_extra
from adapters.keys.away import KeysAway
from adapters.keys.services.service import KeyGone

NAME: Final = "AWS KMS"
WINDOW_DAYS: Final = 7
_TIMEOUT: Final = 3
_MISSING: Final = "NotFoundException"
_OF_STATE: Final = "KMSInvalidStateException"


class AwsService:
    """Keys of one region. `endpoint`: another URL than the region's public one, such as a VPC's.

    Raises:
        SettingsError: botocore is missing.
    """

    def __init__(self, region: str, *, endpoint: str | None = None) -> None:
        try:
            from botocore.config import Config  # noqa: PLC0415 - an extra
            from botocore.session import get_session  # noqa: PLC0415 - as above
        except ImportError:
            raise missing_extra("FACEID_KEYS_URL: aws-kms", Extra.AWS) from None
        config = Config(connect_timeout=_TIMEOUT, read_timeout=_TIMEOUT, retries={"total_max_attempts": 1})
        self._client = get_session().create_client(
            "kms", region_name=region, endpoint_url=endpoint, config=config
        )

    async def create(self, epoch: str) -> str:
        """A new key for this epoch. Raises KeysAway."""
        made = await self._call("create_key", Description=f"faceid-gateway epoch {epoch}")
        return str(made["KeyMetadata"]["KeyId"])

    async def encrypt(self, key: str, plaintext: bytes, *, epoch: str) -> str:
        """Encrypt, bound to the epoch. Raises KeysAway."""
        done = await self._call("encrypt", KeyId=key, Plaintext=plaintext, EncryptionContext={"epoch": epoch})
        return base64.b64encode(done["CiphertextBlob"]).decode()

    async def decrypt(self, key: str, ciphertext: str, *, epoch: str) -> bytes:
        """Decrypt. Raises KeysAway, KeyGone."""
        asked = {"CiphertextBlob": base64.b64decode(ciphertext), "EncryptionContext": {"epoch": epoch}}
        return bytes((await self._call("decrypt", KeyId=key, **asked))["Plaintext"])

    async def destroy(self, key: str) -> None:
        """Schedule the key's deletion, which makes it unusable at once. Raises KeysAway."""
        try:
            await self._call("schedule_key_deletion", KeyId=key, PendingWindowInDays=WINDOW_DAYS)
        except KeyGone:
            return

    async def aclose(self) -> None:
        """Close the connections."""
        self._client.close()

    async def _call(self, method: str, **asked: Any) -> dict[str, Any]:
        return await asyncio.to_thread(self._call_now, method, asked)

    def _call_now(self, method: str, asked: dict[str, Any]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - an extra

        try:
            done: dict[str, Any] = getattr(self._client, method)(**asked)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code == _MISSING or (code == _OF_STATE and "pending deletion" in str(error)):
                raise KeyGone from None
            raise KeysAway(f"{NAME} refuses a request ({code})") from None
        except BotoCoreError as error:
            raise KeysAway(f"{NAME} cannot be used ({type(error).__name__})") from None
        return done
