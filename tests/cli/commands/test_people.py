"""The command line adds persons, links and personal tokens, and keeps the last admin."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.postgres.engine import create_engine
from adapters.sealing.envelope import KeyRing
from domain.people.links import Purpose
from domain.people.person import Person
from domain.people.roles import Grant, Role
from domain.people.tokens import PREFIX
from tests.cli.conftest import Run, assert_one_line
from tests.support.storage.emptying import empty_tables
from tests.support.storage.people import People

Answer = TypeVar("Answer")
Ask = Callable[[Callable[[People], Awaitable[Answer]]], Answer]


@pytest.fixture
def ask(database_url: str, environment: None) -> Ask[object]:
    """Ask the stores; there is nobody at first."""

    def asked(question: Callable[[People], Awaitable[object]]) -> object:
        async def run() -> object:
            engine = create_engine(database_url)
            try:
                return await question(People(engine, KeyRing([bytes(32)])))
            finally:
                await engine.dispose()

        return asyncio.run(run())

    asked(lambda people: empty_tables(people.engine))
    return asked


def link_in(out: str) -> str:
    """The link that was printed."""
    address = urlsplit(out.strip())
    assert (address.scheme, address.netloc, address.path) == ("http", "127.0.0.1:8081", "/login")
    return parse_qs(address.query)["link"][0]


def test_the_first_admin_gets_a_link(run: Run, ask: Ask[object]) -> None:
    assert "people add NAME --role admin" in run("people", "list")[1]
    code, out, err = run("people", "add", "Li.Na", "--role", "admin")
    assert (code, err) == (0, "")
    link = link_in(out)

    async def look(people: People) -> None:
        found = await people.links.find(link)
        assert found is not None
        assert (found.person.name, found.purpose) == ("li.na", Purpose.INVITE)
        person = await people.persons.find("li.na")
        assert person is not None
        assert person.grants == (Grant(Role.ADMIN),)
        (row,) = await people.audited("person.added")
        assert row["actor"].startswith("command:")

    ask(look)
    out = run("people", "list")[1]
    assert "li.na" in out
    assert link not in out


def test_another_link_ends_the_first(run: Run, ask: Ask[object]) -> None:
    first = link_in(run("people", "add", "li.na", "--role", "viewer", "--app", "demo")[1])
    second = link_in(run("people", "invite", "li.na", "--hours", "0.25")[1])
    assert ask(lambda people: people.links.find(first)) is None
    assert ask(lambda people: people.links.find(second)) is not None


def test_roles_are_given_and_taken(run: Run, ask: Ask[object]) -> None:
    run("people", "add", "li.na", "--role", "viewer", "--app", "demo")
    out = run("people", "role", "li.na", "--role", "reviewer", "--role", "auditor")[1]
    assert out == "li.na: auditor, reviewer, viewer@demo\n"
    assert (
        run("people", "role", "li.na", "--role", "auditor", "--remove")[1] == "li.na: reviewer, viewer@demo\n"
    )


def test_a_personal_token_ends_with_its_person(run: Run, ask: Ask[object]) -> None:
    run("people", "add", "li.na", "--role", "senior", "--app", "demo")
    code, out, err = run("people", "token", "li.na", "--days", "7", "--scope", "review")
    token = out.strip()
    assert (code, err, token.startswith(PREFIX)) == (0, "", True)

    async def look(people: People) -> None:
        bearer = await people.bearers.check(token)
        assert bearer is not None
        assert bearer.person is not None
        assert (bearer.person.name, bearer.scopes) == ("li.na", ["review"])
        assert bearer.apps_for(["review"]) == frozenset({"demo"})

    ask(look)
    assert run("people", "disable", "li.na") == (0, "", "")
    assert ask(lambda people: people.bearers.check(token)) is None
    assert_one_line(run("people", "token", "li.na"), "there is no active person of this name")
    assert run("people", "enable", "li.na") == (0, "", "")
    assert ask(lambda people: people.bearers.check(token)) is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "li na", "--role", "viewer"), "a name has 1 to 64 characters"),
        (("add", "taken", "--role", "viewer"), "a person of this name exists already"),
        (("invite", "nobody"), "there is no active person"),
        (("role", "nobody", "--role", "viewer"), "there is no active person"),
        (("disable", "nobody"), "there is no active person"),
        (("token", "nobody"), "there is no active person"),
        (("token", "taken", "--scope", "everything"), "there is no such scope; there are approve, audit"),
        (("disable", "taken"), "this is the last admin"),
        (("role", "taken", "--role", "admin", "--remove"), "this is the last admin"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    run: Run, ask: Ask[object], arguments: tuple[str, ...], said: str
) -> None:
    run("people", "add", "taken", "--role", "admin")
    assert_one_line(run("people", *arguments), said)


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "li.na"),
        ("add", "li.na", "--role", "emperor"),
        ("add", "li.na", "--role", "viewer", "--app", "unknown"),
        ("add", "li.na", "--role", "viewer", "--hours", "48"),
        ("token", "li.na", "--days", "0"),
    ],
)
def test_wrong_usage_is_refused(run: Run, ask: Ask[object], arguments: tuple[str, ...]) -> None:
    assert run("people", *arguments)[0] == 2
    assert ask(lambda people: people.persons.page(limit=1)) == []


@pytest.mark.parametrize("scope", ["review", "approve", "people"])
def test_no_program_gets_what_only_persons_have(run: Run, environment: None, scope: str) -> None:
    code, _, err = run("token", "create", "robot", "--all-apps", "--scope", scope)
    assert (code, "only persons have" in err) == (2, True)
    assert run("token", "create", "person:li.na", "--all-apps", "--scope", "operate")[0] == 2


def test_link_lets_a_person_sign_in_at_the_provider(run: Run, ask: Ask[Person | None]) -> None:
    run("people", "add", "li.na", "--role", "viewer")
    issuer = ("--issuer", "https://login.example")
    assert run("people", "link", "li.na", "subject-1", *issuer) == (0, "", "")
    person = ask(lambda people: people.persons.find("li.na"))
    assert person is not None
    assert "oidc" in person.signs_in_by
    assert_one_line(run("people", "link", "nobody", "s", *issuer), "there is no active person of this name")
