"""One customer application: its key, its secrets, and how its verifications are decided."""

from datetime import timedelta

import msgspec

from domain.model import ConfirmationMode
from domain.policy import DEFAULT_POLICY, Policy
from domain.signature import HashName


class App(msgspec.Struct, frozen=True):
    """An app as the edges need it.

    `secrets` are the active API_SECRETs, newest first: every one is tried on a callback, the first is used
    for pulls. `pull_retry_delays` are the pauses before a failed pull is made again.
    """

    app_id: str
    api_key: str
    secrets: tuple[bytes, ...]
    hash_name: HashName = "sha1"
    vendor_url: str = "https://api.megvii.com/faceid/lite"
    landing_url: str | None = None
    policy: Policy = DEFAULT_POLICY
    confirmation: ConfirmationMode = ConfirmationMode.REQUIRED
    return_image: int = 0
    pull_retry_delays: tuple[timedelta, ...] = (timedelta(seconds=60),)

    def __repr__(self) -> str:
        """Without the secrets: an App may end up in a traceback."""
        return f"App({self.app_id!r})"
