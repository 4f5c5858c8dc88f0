"""Orders of verifications: the input of get_token and the token that it returns."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

MAX_BIZ_NO: Final = 128
MAX_EXTRA_DATA: Final = 4096
"""Bytes in UTF-8 (callback page, `biz_info`)."""

USUAL_TOKEN: Final = timedelta(hours=1)
"""The vendor's tokens live 5 to 60 minutes (get_token)."""

LONGEST_TOKEN: Final = timedelta(hours=25)
"""The longest life of a token that is accepted."""


class Order(msgspec.Struct, frozen=True):
    """`parameters`: get_token's optional ones under the vendor's names. `pictures`: `image_ref1` to
    `image_ref3`, as the bytes of their files."""

    biz_no: str
    parameters: Mapping[str, str]
    pictures: Mapping[str, bytes]

    def __repr__(self) -> str:
        """Without the content, which may include names, ID numbers and faces."""
        return "Order()"


class IssuedToken(msgspec.Struct, frozen=True):
    """The answer of get_token. Anyone with the token can run the flow until `expires_at`."""

    biz_id: str
    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        """Without the token."""
        return f"IssuedToken({self.biz_id!r})"
