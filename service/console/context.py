"""What the pages use, built once by `service.console.main`, and how routes get it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Annotated, Protocol

from fastapi import Depends, Request

from domain.apps.app import App
from service.console.readings import CachedReadings
from service.http.lifecycle import Lifecycle
from service.parts import Letters, Webhooks
from service.readiness import Readiness
from usecases.audit.denials import Denials
from usecases.identity.erase import ErasureDesk
from usecases.identity.read import IdentityDesk
from usecases.people.change_roles import PeopleDesk
from usecases.people.invite import Invitations
from usecases.people.own_account import OwnAccount
from usecases.people.personal_tokens import PersonalTokenDesk
from usecases.people.provider_sign_in import ProviderSignIns
from usecases.people.sign_in import SignIns
from usecases.policies.trials import PolicyTrials
from usecases.ports.access import ApiTokens
from usecases.ports.audit import AuditLog
from usecases.ports.decisions import Policies, PolicyHistory
from usecases.ports.lookups import CloseUps, Lookups, Shadows, StoredDecisions
from usecases.ports.people import Sessions
from usecases.reviews.desk import ReviewDesk


@dataclass(frozen=True)
class People:
    """Persons, their personal tokens, the tokens of programs, and own accounts."""

    desk: PeopleDesk
    invitations: Invitations
    tokens: PersonalTokenDesk
    api_tokens: ApiTokens
    account: OwnAccount


@dataclass(frozen=True)
class PolicyParts:
    """The policies in force, earlier texts, shadows, and trials. `apps`: which policies each app names."""

    book: Policies
    history: PolicyHistory
    shadows: Shadows
    trials: PolicyTrials
    apps: Mapping[str, App]


class ShownSetting(Protocol):
    """A setting of this process without what is secret."""

    @property
    def name(self) -> str:
        """As the environment has it."""

    @property
    def value(self) -> str:
        """As a text."""

    @property
    def is_set(self) -> bool:
        """Whether it is not the default."""


@dataclass(frozen=True)
class ConsoleContext:
    """`provider`: signs in at the identity provider, which the button calls `provider_title`; None without
    one. `zone`: of the times on pages. `address`: where browsers find the console; "" if it is not
    configured. `is_behind_https`: the console's public address is HTTPS, whatever the proxy tells.
    """

    app_ids: tuple[str, ...]
    sessions: Sessions
    sign_ins: SignIns
    denials: Denials
    readiness: Readiness
    lookups: Lookups
    stored: StoredDecisions
    close_ups: CloseUps
    letters: Letters
    webhooks: Webhooks
    reviews: ReviewDesk
    readings: CachedReadings
    people: People
    policies: PolicyParts
    audit: AuditLog
    identity: IdentityDesk
    erasures: ErasureDesk
    settings: Sequence[ShownSetting]
    zone: tzinfo
    clock: Callable[[], datetime]
    provider: ProviderSignIns | None = None
    provider_title: str = ""
    address: str = ""
    is_behind_https: bool = False
    lifecycle: Lifecycle = field(default_factory=Lifecycle)


async def get_context(request: Request) -> ConsoleContext:
    """The context given to `create_app`. A coroutine, because FastAPI runs plain functions in threads."""
    context: ConsoleContext = request.app.state.context
    return context


Context = Annotated[ConsoleContext, Depends(get_context)]
