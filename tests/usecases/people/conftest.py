"""The use cases of people on a real PostgreSQL, with passwords that are hashed in a moment."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.people.codes import TotpCodes
from adapters.people.passwords import Argon2Passwords
from adapters.sealing.envelope import KeyRing
from adapters.sealing.random_secrets import new_secret
from adapters.store.people.failures import PgSignInFailures
from tests.support.storage.people import People
from tests.support.storage.stores import Clock
from usecases.people.change_roles import PeopleDesk
from usecases.people.invite import Invitations
from usecases.people.own_account import OwnAccount
from usecases.people.personal_tokens import PersonalTokenDesk
from usecases.people.sign_in import SignIns


class Office(People):
    """The stores, and the use cases over them."""

    def __init__(self, engine: AsyncEngine, keys: KeyRing) -> None:
        super().__init__(engine, keys)
        self.clock = Clock(datetime.now(UTC))
        self.passwords = Argon2Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.codes = TotpCodes()
        self.sign_ins = self.signing_in()
        self.desk = PeopleDesk(self.persons, self.sessions)
        self.personal = PersonalTokenDesk(self.tokens, clock=self.clock)
        self.invitations = self.inviting()
        self.account = OwnAccount(
            proofs=self.proofs,
            sessions=self.sessions,
            passwords=self.passwords,
            codes=self.codes,
            limits=self.limits,
            failures=PgSignInFailures(self.engine),
            clock=self.clock,
        )

    def signing_in(self, *, with_passwords: bool = True) -> SignIns:
        return SignIns(
            sessions=self.sessions,
            proofs=self.proofs,
            links=self.links,
            passwords=self.passwords,
            codes=self.codes,
            limits=self.limits,
            failures=PgSignInFailures(self.engine),
            clock=self.clock,
            with_passwords=with_passwords,
        )

    def inviting(self, *, with_passwords: bool = True) -> Invitations:
        return Invitations(
            self.persons,
            self.links,
            self.proofs,
            new_secret=new_secret,
            clock=self.clock,
            with_passwords=with_passwords,
        )


@pytest.fixture
def office(engine: AsyncEngine, keys: KeyRing) -> Iterator[Office]:
    made = Office(engine, keys)
    yield made
    made.passwords.close()
