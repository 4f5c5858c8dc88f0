"""What the pages use, built once by `service.console.main`, and how routes get it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Annotated, Protocol

from fastapi import Depends, Request

from domain.people.entry import Origin
from domain.people.links import Link
from service.http.lifecycle import Lifecycle
from service.readiness import Readiness
from usecases.ports.deliveries import DeliveryDesk
from usecases.ports.lookups import CloseUps, LetterDesk, Lookups, StoredDecisions
from usecases.ports.people import Sessions
from usecases.requests.retry_dead_letters import DeadLetterRetries
from usecases.webhooks.manage_endpoints import EndpointDesk
from usecases.webhooks.redeliver import Redeliveries
from usecases.webhooks.try_endpoint import EndpointTrials


class SignIns(Protocol):
    """The ways to sign in. Each returns the cookie of the new session.

    Raises SignInFailed, TooManySignIns.
    """

    async def by_password(self, name: str, password: str, code: str, *, origin: Origin) -> str:
        """By name, password and, if the person has a second factor, its code."""

    async def find_link(self, link: str) -> Link:
        """The one-time link, which stays valid. Raises LinkInvalid."""

    async def by_link(self, link: str, *, password: str | None, origin: Origin) -> str:
        """By a one-time link; `password`: the new one of an invitation.

        Raises LinkInvalid, PasswordRefused.
        """


@dataclass(frozen=True)
class Letters:
    """Dead letters."""

    desk: LetterDesk
    retries: DeadLetterRetries


@dataclass(frozen=True)
class Webhooks:
    """Endpoints and deliveries."""

    endpoints: EndpointDesk
    deliveries: DeliveryDesk
    redeliveries: Redeliveries
    trials: EndpointTrials


@dataclass(frozen=True)
class ConsoleContext:
    """`provider`: the name of the identity provider, None without one. `zone`: of the times on pages.
    `is_behind_https`: the console's public address is HTTPS, whatever the proxy tells.
    """

    app_ids: tuple[str, ...]
    sessions: Sessions
    sign_ins: SignIns
    readiness: Readiness
    lookups: Lookups
    stored: StoredDecisions
    close_ups: CloseUps
    letters: Letters
    webhooks: Webhooks
    zone: tzinfo
    clock: Callable[[], datetime]
    provider: str | None = None
    is_behind_https: bool = False
    lifecycle: Lifecycle = field(default_factory=Lifecycle)


async def get_context(request: Request) -> ConsoleContext:
    """The context given to `create_app`. A coroutine, because FastAPI runs plain functions in threads."""
    context: ConsoleContext = request.app.state.context
    return context


Context = Annotated[ConsoleContext, Depends(get_context)]
