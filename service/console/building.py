"""The console's own parts that several adapters make up; `service.console.main` puts them together."""

import time
from concurrent.futures import Executor

from adapters.people.codes import TotpCodes
from adapters.people.oidc.provider import OidcProvider
from adapters.people.oidc.transport import ProviderTransport
from adapters.people.passwords import Argon2Passwords
from adapters.people.settings import BACK_PATH
from adapters.policies.folder import PolicyBook
from adapters.processes.process import ProcessContext
from adapters.sealing.random_secrets import new_secret
from adapters.settings.settings import Settings
from adapters.store.decisions.policy_history import PgPolicyHistory
from adapters.store.decisions.shadows import PgShadows
from adapters.store.decisions.stored_decisions import PgStoredDecisions
from adapters.store.people.api_tokens import PgTokens
from adapters.store.people.failures import PgSignInFailures
from adapters.store.people.links import PgLinks
from adapters.store.people.personal_tokens import PgPersonalTokens
from adapters.store.people.persons import PgPersons
from adapters.store.people.proofs import PgProofs
from adapters.store.people.proven_persons import PgProvenPersons
from adapters.store.people.sessions import PgSessions
from adapters.store.people.tries import PgSignInLimits
from service.console.context import People, PolicyParts
from usecases.people.bounded_failures import BoundedFailures
from usecases.people.change_roles import PeopleDesk
from usecases.people.invite import Invitations
from usecases.people.own_account import OwnAccount
from usecases.people.personal_tokens import PersonalTokenDesk
from usecases.people.provider_sign_in import ProviderSignIns
from usecases.policies.trials import PolicyTrials


def open_way_to_provider(settings: Settings) -> ProviderTransport | None:
    """What connects to the identity provider, if one is configured. Raises SettingsError: its certificates
    cannot be used.
    """
    client = settings.oidc_client()
    return None if client is None else ProviderTransport(client.issuer, settings.oidc_way())


def build_provider(
    settings: Settings, process: ProcessContext, sessions: PgSessions, transport: ProviderTransport | None
) -> ProviderSignIns | None:
    """What signs in at the identity provider, if one is configured."""
    client, engine = settings.oidc_client(), process.engine
    if client is None or transport is None:
        return None
    return ProviderSignIns(
        provider=OidcProvider(client, transport, clock=process.clock),
        groups=settings.oidc_grants(),
        back_to=f"{settings.console_address()}{BACK_PATH}",
        persons=PgProvenPersons(engine),
        sessions=sessions,
        limits=PgSignInLimits(engine),
        failures=BoundedFailures(PgSignInFailures(engine), monotonic=time.monotonic),
        new_secret=new_secret,
    )


def build_people(
    process: ProcessContext, sessions: PgSessions, passwords: Argon2Passwords, *, with_passwords: bool
) -> People:
    """What manages persons and tokens."""
    engine, clock, persons = process.engine, process.clock, PgPersons(process.engine)
    proofs = PgProofs(engine, keys=process.keys)
    return People(
        desk=PeopleDesk(persons, sessions),
        invitations=Invitations(
            persons,
            PgLinks(engine),
            proofs,
            new_secret=new_secret,
            clock=clock,
            with_passwords=with_passwords,
        ),
        tokens=PersonalTokenDesk(PgPersonalTokens(engine), clock=clock),
        api_tokens=PgTokens(engine),
        account=OwnAccount(
            proofs=proofs,
            sessions=sessions,
            passwords=passwords,
            codes=TotpCodes(),
            limits=PgSignInLimits(engine),
            failures=PgSignInFailures(engine),
            clock=clock,
        ),
    )


def build_policies(
    settings: Settings, process: ProcessContext, book: PolicyBook, computing: Executor
) -> PolicyParts:
    """What shows and tries policies. `computing`: runs one computation at a time."""
    engine = process.engine
    return PolicyParts(
        book=book,
        history=PgPolicyHistory(engine),
        shadows=PgShadows(engine),
        trials=PolicyTrials(PgStoredDecisions(engine), computing=computing),
        apps=settings.domain_apps(),
    )
