"""The vendor's state in memory: every verification with its token, its ending and its call log."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from simulator.scenarios.identity import FAKE_NAME, Identity, fake_number
from simulator.scenarios.table import SCRIPTS, Scenario, Status
from simulator.settings import SimulatedApp

ReturnMethod = Literal["GET", "POST"]
Refusal = Literal["unknown", "expired", "used"]


class TokenRefused(Exception):
    """A token with which no flow can run."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(f"the token is {reason}")
        self.reason: Refusal = reason


@dataclass(frozen=True, slots=True)
class Call:
    """One get_result call that counted against a verification."""

    at: datetime
    http_status: int
    error_message: str | None


@dataclass(frozen=True, slots=True)
class Sent:
    """One sent message: its recipient, and the HTTP status or the name of the error."""

    to: Literal["notify", "return"]
    http_status: int | None = None
    error: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """The input of get_token; `return_method` is the vendor's action_http_method."""

    biz_no: str
    notify_url: str
    return_url: str
    return_method: ReturnMethod = "POST"
    biz_extra_data: str = ""
    idcard_name: str | None = None
    idcard_number: str | None = None


@dataclass(slots=True, eq=False)
class Verification:
    """One verification. `encoded` caches get_result's body, by whether it contains the verify_time."""

    app_id: str
    app: SimulatedApp
    biz_id: str
    order: Order
    identity: Identity
    token: str
    created_at: datetime
    expires_at: datetime
    opened: bool = False
    scenario: Scenario | None = None
    ended_at: datetime | None = None
    calls: list[Call] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    encoded: dict[bool, bytes] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        if self.scenario is not None:
            return SCRIPTS[self.scenario].status
        return "PROCESSING" if self.opened else "NOT_STARTED"

    def end(self, scenario: Scenario, *, now: datetime) -> None:
        """End the flow; from then on get_result returns the result.

        Raises:
            TokenRefused: it has ended already.
        """
        if self.scenario is not None:
            raise TokenRefused("used")
        self.scenario = scenario
        self.ended_at = now


class Book:
    """All verifications, by biz_id and by token. None is removed while the process runs."""

    def __init__(self, apps: dict[str, SimulatedApp], *, token_life: timedelta) -> None:
        self.apps = apps
        self._token_life = token_life
        self.get_result_calls = 0
        self.unknown_biz_id_calls = 0
        self._app_ids = {app.api_key: app_id for app_id, app in apps.items()}
        self._by_biz_id: dict[str, Verification] = {}
        self._by_token: dict[str, Verification] = {}

    def __len__(self) -> int:
        return len(self._by_biz_id)

    def app_id_of(self, api_key: str) -> str | None:
        return self._app_ids.get(api_key)

    def get(self, biz_id: str) -> Verification | None:
        return self._by_biz_id.get(biz_id)

    def start(self, app_id: str, order: Order, *, now: datetime) -> Verification:
        """Start a verification of a known app, with a new biz_id (`<unix seconds>,<uuid>`) and token."""
        biz_id = f"{int(now.timestamp())},{uuid4()}"
        identity = Identity(order.idcard_name or FAKE_NAME, order.idcard_number or fake_number(biz_id))
        verification = Verification(
            app_id=app_id,
            app=self.apps[app_id],
            biz_id=biz_id,
            order=order,
            identity=identity,
            token=uuid4().hex,
            created_at=now,
            expires_at=now + self._token_life,
        )
        self._by_biz_id[biz_id] = self._by_token[verification.token] = verification
        return verification

    def by_token(self, token: str, *, now: datetime) -> Verification:
        """The verification whose flow can run with `token`.

        Raises:
            TokenRefused: the token is unknown or expired, or the flow has ended.
        """
        verification = self._by_token.get(token)
        if verification is None:
            raise TokenRefused("unknown")
        if verification.scenario is not None:
            raise TokenRefused("used")
        if now >= verification.expires_at:
            raise TokenRefused("expired")
        return verification
