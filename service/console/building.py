"""The console's own parts that several adapters make up; `service.console.main` puts them together."""

from concurrent.futures import Executor

from adapters.people.codes import TotpCodes
from adapters.people.passwords import Argon2Passwords
from adapters.policies.folder import PolicyBook
from adapters.processes.process import ProcessContext
from adapters.sealing.random_secrets import new_secret
from adapters.settings import Settings
from adapters.store.decisions.policy_history import PgPolicyHistory
from adapters.store.decisions.shadows import PgShadows
from adapters.store.decisions.stored_decisions import PgStoredDecisions
from adapters.store.people.links import PgLinks
from adapters.store.people.personal_tokens import PgPersonalTokens
from adapters.store.people.persons import PgPersons
from adapters.store.people.proofs import PgProofs
from adapters.store.people.sessions import PgSessions
from adapters.store.people.tries import PgSignInLimits
from adapters.store.tokens import PgTokens
from service.console.context import People, PolicyParts
from usecases.people.change_roles import PeopleDesk
from usecases.people.invite import Invitations
from usecases.people.own_account import OwnAccount
from usecases.people.personal_tokens import PersonalTokenDesk
from usecases.policies.trials import PolicyTrials


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
