"""The dependencies of the API, built once by `service.api.main`, and how endpoints get them."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from domain.apps.app import App
from service.api.access.door import Door
from service.api.access.pace import Pace
from service.api.events.feed import Feed
from service.api.events.places import StreamPlaces
from service.api.metrics.page import MetricsPage
from service.http.lifecycle import Lifecycle
from service.readiness import Readiness
from usecases.audit.denials import Denials
from usecases.events.webhooks.manage_endpoints import EndpointDesk
from usecases.events.webhooks.redeliver import Redeliveries
from usecases.events.webhooks.try_endpoint import EndpointTrials
from usecases.identity.erase import ErasureDesk
from usecases.identity.erase_person import PersonErasure
from usecases.identity.export import PersonExport
from usecases.identity.read import IdentityDesk
from usecases.ports.audit import AuditLog
from usecases.ports.callbacks.recording import Registrations
from usecases.ports.decisions import Policies
from usecases.ports.events.deliveries import DeliveryDesk
from usecases.ports.events.log import EventReader
from usecases.ports.hints import Announcements, Reloads
from usecases.ports.identity.numbers import NumberCounts
from usecases.ports.lookups import LetterDesk, Lookups, Shadows, StoredDecisions
from usecases.ports.pulls import PullRequests, TokenIssuer
from usecases.ports.schedule import Looks
from usecases.requests.retry_dead_letters import DeadLetterRetries
from usecases.reviews.desk import ReviewDesk


@dataclass(frozen=True)
class ApiContext:
    """`monotonic`: a monotonic clock in seconds, for waiting. `computing`: runs long computations one at a
    time, outside the event loop.
    """

    app_ids: tuple[str, ...]
    apps: Mapping[str, App]
    issuer: TokenIssuer
    registrations: Registrations
    pull_requests: PullRequests
    lookups: Lookups
    dead_letters: LetterDesk
    retries: DeadLetterRetries
    endpoints: EndpointDesk
    deliveries: DeliveryDesk
    erasures: ErasureDesk
    reviews: ReviewDesk
    redeliveries: Redeliveries
    identity: IdentityDesk
    numbers: NumberCounts
    export: PersonExport
    person_erasure: PersonErasure
    trials: EndpointTrials
    stored: StoredDecisions
    shadows: Shadows
    door: Door
    readiness: Readiness
    metrics: MetricsPage
    looks: Looks
    announcements: Announcements
    events: EventReader
    audit: AuditLog
    denials: Denials
    feed: Feed
    policies: Policies
    reloads: Reloads
    monotonic: Callable[[], float]
    clock: Callable[[], datetime]
    streams: StreamPlaces = field(default_factory=StreamPlaces)
    pace: Pace = field(default_factory=Pace)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    computing: Executor = field(
        default_factory=lambda: ThreadPoolExecutor(max_workers=1, thread_name_prefix="computing")
    )


async def get_context(request: Request) -> ApiContext:
    """The context given to `create_app`. A coroutine, because FastAPI runs plain functions in threads."""
    context: ApiContext = request.app.state.context
    return context


Context = Annotated[ApiContext, Depends(get_context)]
