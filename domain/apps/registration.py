"""What an app registers about a verification, and whether a payload is about the same order."""

from datetime import datetime
from enum import StrEnum

import msgspec

from domain.apps.order import USUAL_TOKEN
from domain.callback.parts import Payload


class Registration(msgspec.Struct, frozen=True):
    """What is known about a verification before any callback: its order, when it was registered, when its
    token expires. `returned_at`: when its user's browser came back."""

    biz_no: str | None
    registered_at: datetime
    expires_at: datetime
    returned_at: datetime | None = None

    @property
    def day_begins(self) -> datetime:
        """The start of the day for which the vendor keeps the result.

        The flow ends with the token at the latest, which may be long after the registration, or before it.
        """
        return min(self.expires_at, max(self.registered_at, self.expires_at - USUAL_TOKEN))


class Registered(StrEnum):
    """The result of a registration.

    `created` the verification is new · `joined` its callback arrived before · `known` it is registered with
    this order already · `conflict` it belongs to another order, or to another app of the same vendor account.
    """

    CREATED = "created"
    JOINED = "joined"
    KNOWN = "known"
    CONFLICT = "conflict"


def biz_no_differs(payload: Payload, registration: Registration | None) -> bool:
    """Whether a payload names another order than the registered one, or none.

    The vendor echoes the biz_no of get_token (callback page, `biz_info`).
    """
    return registration is not None and payload.biz_no != registration.biz_no


def orders_differ(one: Payload, other: Payload) -> bool:
    """Whether two payloads name different orders; a payload without an order does not differ."""
    return None not in (one.biz_no, other.biz_no) and one.biz_no != other.biz_no
