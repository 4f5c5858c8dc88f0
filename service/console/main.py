"""Compose the console: the only module of this listener that builds adapters."""

import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from starlette.types import ASGIApp

from adapters.people.codes import TotpCodes
from adapters.people.passwords import Argon2Passwords
from adapters.policies.folder import PolicyBook
from adapters.policies.reloads import PolicyReloads
from adapters.processes.heartbeats import Heartbeats, beating
from adapters.processes.keys import following_keys, keys_status
from adapters.processes.process import ProcessContext
from adapters.processes.supervisor_link import SupervisorLink
from adapters.settings.settings import Settings
from adapters.settings.shown import shown_settings
from adapters.store.audit.log import PgAuditLog
from adapters.store.decisions.stored_decisions import PgStoredDecisions
from adapters.store.lookups.close_ups import PgCloseUps
from adapters.store.lookups.figures import PgFigures
from adapters.store.lookups.lookups import PgLookups
from adapters.store.lookups.outcome_counts import PgOutcomeCounts
from adapters.store.people.failures import PgSignInFailures
from adapters.store.people.links import PgLinks
from adapters.store.people.proofs import PgProofs
from adapters.store.people.sessions import PgSessions
from adapters.store.people.tries import PgSignInLimits
from adapters.store.reviews.store import PgReviews
from adapters.tasks.background import in_background
from domain.reviews.errors import SecondLookWaits
from service.building import (
    build_erasures,
    build_identity,
    build_intake,
    build_letters,
    build_readiness,
    build_sender,
    build_webhooks,
)
from service.console.app import static
from service.console.app.errors import install_error_pages, install_notice
from service.console.app.headers import StrictHeaders
from service.console.building import (
    build_people,
    build_policies,
    build_provider,
    open_way_to_provider,
)
from service.console.context import ConsoleContext
from service.console.pages import audit, dead_letters, health, reviews, system, today
from service.console.pages.people import account, persons, preferences, sign_in, tokens
from service.console.pages.policies import in_force, trials
from service.console.pages.reviews.problems import HIDDEN
from service.console.pages.verifications import by_number, details, erasure, identity, lists
from service.console.pages.webhooks import deliveries, endpoint_actions, endpoints
from service.console.pages.webhooks import settings as endpoint_settings
from service.console.readings import CachedReadings
from service.http.lifecycle import Lifecycle
from service.http.serving import NO_TELEMETRY, VERSION, limits_of, serve
from usecases.audit.denials import Denials
from usecases.people.sign_in import SignIns
from usecases.reviews.desk import ReviewDesk

MAX_BODY: Final = 256 * 1024
"""Bytes of a form; the largest has the text of a policy."""

ROUTERS: Final = (
    static.router,
    health.router,
    sign_in.router,
    preferences.router,
    account.router,
    today.router,
    lists.router,
    by_number.router,
    details.router,
    identity.router,
    erasure.router,
    *reviews.ROUTERS,
    dead_letters.router,
    endpoint_settings.router,
    endpoints.router,
    endpoint_actions.router,
    deliveries.router,
    tokens.router,
    persons.router,
    trials.router,
    in_force.router,
    audit.router,
    system.router,
)


def run(settings: Settings, *, host: str, port: int, supervisor: SupervisorLink | None = None) -> None:
    """Serve the console until a signal, or until the supervisor has another process for its place."""
    lifecycle = Lifecycle()
    serve(
        build(settings, lifecycle),
        host=host,
        port=port,
        lifecycle=lifecycle,
        shutdown_delay=settings.shutdown_delay,
        limits=limits_of(settings, body_bytes=MAX_BODY),
        supervisor=supervisor,
    )


def build(settings: Settings, lifecycle: Lifecycle) -> FastAPI:
    """The console with real adapters."""
    process = ProcessContext.of(settings, timeout=timedelta(seconds=3))
    engine, redis, names, clock = process.engine, process.redis, process.names, process.clock
    heartbeats, app_ids = Heartbeats(redis, names=names), tuple(settings.apps)
    intake = build_intake(settings, process)
    passwords, sessions = Argon2Passwords(), PgSessions(engine)
    to_provider = open_way_to_provider(settings)
    book = PolicyBook.open(settings.policy_dir, needed=settings.needed_policies())
    reloads = PolicyReloads(redis, book, names=names)
    computing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="computing")
    cases = PgReviews(engine, keys=process.data_keys)
    sender = build_sender(settings)
    context = ConsoleContext(
        app_ids=app_ids,
        sessions=sessions,
        sign_ins=_sign_ins(process, sessions, passwords, with_passwords=settings.oidc_client() is None),
        denials=Denials(PgAuditLog(engine), monotonic=time.monotonic),
        readiness=build_readiness(process, intake.figures, heartbeats),
        lookups=PgLookups(engine, keys=process.data_keys),
        stored=PgStoredDecisions(engine),
        close_ups=PgCloseUps(engine),
        letters=build_letters(settings, process, intake.inbox),
        webhooks=build_webhooks(settings, process, sender),
        people=build_people(process, sessions, passwords, with_passwords=settings.oidc_client() is None),
        policies=build_policies(settings, process, book, computing),
        audit=PgAuditLog(engine),
        identity=build_identity(settings, process),
        erasures=build_erasures(settings, process),
        settings=shown_settings(settings),
        reviews=ReviewDesk(cases, clock=clock),
        readings=CachedReadings(
            intake.figures,
            heartbeats,
            PgFigures(engine),
            PgOutcomeCounts(engine),
            cases,
            app_ids=app_ids,
        ),
        zone=ZoneInfo(settings.console_timezone),
        clock=clock,
        provider=build_provider(settings, process, sessions, to_provider),
        provider_title=settings.oidc_title,
        address=settings.console_url or "",
        is_behind_https=settings.console_address().startswith("https://"),
        lifecycle=lifecycle,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        reloads.reload_on_signal()
        every = timedelta(seconds=settings.heartbeat_every)
        async with (
            in_background(clock.follow(), reloads.listen()),
            sender,
            following_keys(process, every=every),
            beating(
                redis,
                "console",
                every=every,
                status=lambda: keys_status(process),
                names=names,
                opens_epochs=process.has_key_store,
            ),
        ):
            yield
        passwords.close()
        if to_provider is not None:
            await to_provider.aclose()
        computing.shutdown(cancel_futures=True)
        await process.aclose()

    return create_app(context, lifespan=lifespan)


def _sign_ins(
    process: ProcessContext, sessions: PgSessions, passwords: Argon2Passwords, *, with_passwords: bool
) -> SignIns:
    engine = process.engine
    return SignIns(
        sessions=sessions,
        proofs=PgProofs(engine, keys=process.keys),
        links=PgLinks(engine),
        passwords=passwords,
        codes=TotpCodes(),
        limits=PgSignInLimits(engine),
        failures=PgSignInFailures(engine),
        clock=process.clock,
        with_passwords=with_passwords,
    )


class Console(FastAPI):
    """An app whose every answer has the strict headers, also the one to a defect."""

    def build_middleware_stack(self) -> ASGIApp:
        """The stack that answers requests."""
        return StrictHeaders(super().build_middleware_stack())


def create_app(context: ConsoleContext, *, lifespan: Callable[[FastAPI], Any] | None = None) -> FastAPI:
    """The console with the given context."""
    app = Console(
        title="faceid-gateway console",
        version=VERSION,
        lifespan=lifespan,
        telemetry=NO_TELEMETRY,
        openapi_url=None,
        redirect_slashes=False,
        # Not `include_router`, which builds each route a second time, at the first request that it may match.
        routes=[route for router in ROUTERS for route in router.routes],
    )
    app.state.context = context
    install_error_pages(app)
    install_notice(app, SecondLookWaits, HIDDEN)
    return app
