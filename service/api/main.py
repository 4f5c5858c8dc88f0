"""Compose the internal API: the only module of this listener that builds adapters."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Final

import msgspec
from fastapi import FastAPI

from adapters.outbound.vendor.accounts import open_accounts
from adapters.outbound.vendor.get_result import create_transport
from adapters.outbound.vendor.get_token import FaceidTokens
from adapters.policies.folder import PolicyBook
from adapters.policies.reloads import PolicyReloads
from adapters.processes.heartbeats import Heartbeats, beating
from adapters.processes.keys import following_keys, keys_status
from adapters.processes.process import ProcessContext
from adapters.processes.supervisor_link import SupervisorLink
from adapters.redis.announcements import Announcements
from adapters.redis.call_rates import CallRates
from adapters.redis.event_hints import EventHints
from adapters.sealing.blind_index import BlindIndex
from adapters.settings.settings import Settings
from adapters.store.audit.log import PgAuditLog
from adapters.store.decisions.shadows import PgShadows
from adapters.store.decisions.stored_decisions import PgStoredDecisions
from adapters.store.events.reader import PgEvents
from adapters.store.identity.erased_persons import ErasedPersons
from adapters.store.identity.numbers.counts import PgNumberCounts
from adapters.store.identity.overdue import PgOverdue
from adapters.store.lookups.close_ups import PgCloseUps
from adapters.store.lookups.figures import PgFigures
from adapters.store.lookups.lookups import PgLookups
from adapters.store.people.personal_tokens import PgBearers
from adapters.store.recording.owners import BizOwners
from adapters.store.recording.registrations import PgRegistrations
from adapters.store.reviews.store import PgReviews
from adapters.store.schedule.pull_requests import PgPullRequests
from adapters.tasks.background import in_background
from domain.limits.quotas import quotas
from domain.pulls.budget import PULL_LIMIT
from service.api.access.body_cap import Allowance, BodyCap
from service.api.access.door import Door
from service.api.access.entrance import Entrance
from service.api.access.recent_tokens import RecentTokens
from service.api.context import ApiContext
from service.api.docs import install_docs
from service.api.errors import install_error_handlers
from service.api.events.feed import Feed
from service.api.metrics.page import MetricsPage
from service.api.models.orders import MAX_ORDER
from service.api.routes import audit, dead_letters, health, policies
from service.api.routes.identity import erasures, persons, reads
from service.api.routes.reviews import appeals, cases
from service.api.routes.verifications import explanations, lookups, pulls, registrations
from service.api.routes.webhooks import deliveries, endpoints, events, sending
from service.building import (
    build_erasures,
    build_identity,
    build_intake,
    build_letters,
    build_readiness,
    build_sender,
    build_webhooks,
)
from service.http.connections import Limits
from service.http.lifecycle import Lifecycle
from service.http.serving import NO_TELEMETRY, VERSION, limits_of, serve
from usecases.audit.denials import Denials
from usecases.identity.erase_person import PersonErasure
from usecases.identity.export import PersonExport
from usecases.identity.retain import overdue_of
from usecases.reviews.desk import ReviewDesk

_ORDER_SECONDS: Final = 60
"""Seconds that an order of several megabytes may take to arrive."""

_CONNECTIONS: Final = 4
"""Factor over an ingress's connections: lookups that wait for a decision keep theirs open."""

MAX_BODY: Final = 256 * 1024
"""Bytes of any request except orders, which may have pictures."""

ROUTERS: Final = tuple(
    module.router
    for module in (
        lookups,
        registrations,
        pulls,
        explanations,
        cases,
        appeals,
        erasures,
        policies,
        events,
        dead_letters,
        audit,
        endpoints,
        sending,
        deliveries,
        health,
        reads,
        persons,
    )
)

DESCRIPTION: Final = """\
Order, register and look up FaceID verifications, follow events, explain decisions, try policies, handle dead
letters, review what persons must look at, manage webhook endpoints and their deliveries.

Errors are RFC 9457 problems (`application/problem+json`) with a stable `code`. Times are RFC 3339 in UTC.
Identity is masked, except in answers about identity itself.
Resources of another app are answered as if they did not exist.
"""


def run(settings: Settings, *, host: str, port: int, supervisor: SupervisorLink | None = None) -> None:
    """Serve the API until a signal, or until the supervisor has another process for its place."""
    lifecycle = Lifecycle()
    app = build(settings, lifecycle)
    serve(
        app,
        host=host,
        port=port,
        lifecycle=lifecycle,
        shutdown_delay=settings.shutdown_delay,
        limits=_limits(settings),
        supervisor=supervisor,
    )


def _limits(settings: Settings) -> Limits:
    """The limits for our own clients: orders have pictures, and there is no proxy in front.

    The clients are few, and each may keep many waiting connections; their tokens' quotas limit them.
    """
    limits = limits_of(settings, body_bytes=MAX_ORDER)
    connections = _CONNECTIONS * limits.connections
    return msgspec.structs.replace(
        limits,
        request_seconds=max(_ORDER_SECONDS, limits.request_seconds),
        trusted_proxies=(),
        connections=connections,
        per_address=connections,
    )


def build(settings: Settings, lifecycle: Lifecycle) -> FastAPI:
    """The API with real adapters."""
    process = ProcessContext.of(settings, timeout=timedelta(seconds=3))
    keys, names, redis = process.data_keys, process.names, process.redis
    engine, clock = process.engine, process.clock
    events = PgEvents(engine)
    feed = Feed(events)
    announcements = Announcements(redis, names=names)
    hints = EventHints(redis, names=names)
    lifecycle.first_calls.append(feed.wake_all)
    lifecycle.last_calls += [announcements.wake_all, feed.wake_all]
    book = PolicyBook.open(settings.policy_dir, needed=settings.needed_policies())
    reloads = PolicyReloads(redis, book, names=names)
    heartbeats, intake = Heartbeats(redis, names=names), build_intake(settings, process)
    letters = build_letters(settings, process, intake.inbox)
    issuer = FaceidTokens(create_transport(), timeout=timedelta(seconds=settings.pull_timeout))
    apps = settings.domain_apps()
    accounts = open_accounts(apps)
    owners = BizOwners(accounts)
    rules = settings.reconcile_rules()
    sender = build_sender(settings)
    webhooks = build_webhooks(settings, process, sender)
    audit_log = PgAuditLog(engine)
    lookups, stored = PgLookups(engine, keys=keys), PgStoredDecisions(engine)
    identities, erasures = build_identity(settings, process), build_erasures(settings, process)
    context = ApiContext(
        app_ids=tuple(settings.apps),
        apps=apps,
        issuer=issuer,
        registrations=PgRegistrations(engine, keys=keys, rules=rules, owners=owners),
        pull_requests=PgPullRequests(engine, rules=settings.pull_rules(limit=PULL_LIMIT)),
        lookups=lookups,
        identity=identities,
        numbers=PgNumberCounts(engine, index=BlindIndex(process.keys)),
        export=PersonExport(identities, lookups=lookups, stored=stored, close_ups=PgCloseUps(engine)),
        audit=audit_log,
        denials=Denials(audit_log, monotonic=time.monotonic),
        dead_letters=letters.desk,
        retries=letters.retries,
        endpoints=webhooks.endpoints,
        deliveries=webhooks.deliveries,
        redeliveries=webhooks.redeliveries,
        trials=webhooks.trials,
        erasures=erasures,
        person_erasure=PersonErasure(identities, erasures, ErasedPersons(engine, process.keys)),
        reviews=ReviewDesk(PgReviews(engine, keys=keys), clock=clock),
        stored=stored,
        shadows=PgShadows(engine),
        door=Door(
            RecentTokens(PgBearers(engine)),
            calls=CallRates(process.pool, per_second=settings.api_call_rate, names=names),
            shares=quotas(per_second=settings.api_rate),
        ),
        readiness=build_readiness(process, intake.figures, heartbeats),
        metrics=MetricsPage(
            intake.figures,
            PgFigures(engine),
            heartbeats,
            app_ids=tuple(settings.apps),
            overdue=partial(overdue_of, PgOverdue(engine), settings.retentions(), clock=clock),
        ),
        looks=intake.queue,
        announcements=announcements,
        events=events,
        feed=feed,
        policies=book,
        reloads=reloads,
        monotonic=time.monotonic,
        lifecycle=lifecycle,
        clock=clock,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        reloads.reload_on_signal()
        following = (
            announcements.listen(),
            reloads.listen(),
            clock.follow(),
            hints.listen(feed.hint),
            feed.follow(),
        )
        every = timedelta(seconds=settings.heartbeat_every)

        def status() -> dict[str, object]:
            return {"policies": book.marks()} | issuer.status() | keys_status(process)

        async with (
            in_background(*following),
            sender,
            following_keys(process, every=every),
            beating(
                redis, "api", every=every, status=status, names=names, opens_epochs=process.has_key_store
            ),
        ):
            yield
        await issuer.aclose()
        await process.aclose()

    return create_app(context, lifespan=lifespan)


def create_app(context: ApiContext, *, lifespan: Callable[[FastAPI], Any] | None = None) -> FastAPI:
    """The API with the given context."""
    app = FastAPI(
        title="faceid-gateway API",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=lifespan,
        telemetry=NO_TELEMETRY,
        openapi_url=None,
        redirect_slashes=False,
        # Not `include_router`, which builds each route a second time, at the first request that it may match.
        routes=[route for router in ROUTERS for route in router.routes],
    )
    app.state.context = context
    order = Allowance(MAX_ORDER, seconds=_ORDER_SECONDS)
    app.add_middleware(BodyCap, others=Allowance(MAX_BODY), paths={"/v1/verifications": order})
    app.add_middleware(Entrance, tries=context.door.tries)
    install_docs(app)
    install_error_handlers(app)
    return app
