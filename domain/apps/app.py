"""One customer application: its key, its secrets, and how its verifications are decided."""

from datetime import timedelta
from typing import Final

import msgspec

from domain.callback.signature import HashName
from domain.identity.retention import Retention
from domain.model import ConfirmationMode

DEFAULT_POLICY: Final = "default"


class App(msgspec.Struct, frozen=True):
    """An app as the edges need it.

    `secrets` are the active API_SECRETs, newest first: every one is tried on a callback, the first is used
    for pulls. `notify_url` and `return_url` are sent to the vendor with every order.
    `policy` is the name of the policy that decides, `candidate_policy` of one that runs beside it as a
    shadow; `confirmation` overrides the policy's own mode. `pull_retry_delays` are the pauses before the
    second and the third pull, if the earlier ones brought nothing. With `require_registration`, callbacks of
    unregistered verifications are stored, not decided. `orders_of_number`: how many verifications of one ID
    number may be ordered in 24 hours; 0 is no limit.
    """

    app_id: str
    api_key: str
    secrets: tuple[bytes, ...]
    hash_name: HashName = "sha1"
    vendor_url: str = "https://api.megvii.com/faceid/lite"
    notify_url: str | None = None
    return_url: str | None = None
    landing_url: str | None = None
    policy: str = DEFAULT_POLICY
    candidate_policy: str | None = None
    confirmation: ConfirmationMode | None = None
    require_registration: bool = False
    return_image: int = 0
    orders_of_number: int = 0
    retention: Retention = Retention()
    pull_retry_delays: tuple[timedelta, ...] = (timedelta(minutes=1), timedelta(hours=1))

    def __repr__(self) -> str:
        """Without the secrets, since an App may appear in a traceback."""
        return f"App({self.app_id!r})"
