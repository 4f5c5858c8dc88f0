"""Whatever changes something has an actor and a row in the audit, or a reason here why it has none."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

import usecases
from cli.late import _load
from cli.main import _Commands
from domain.audit.action import Action
from service.api.main import ROUTERS as OF_API
from service.console.main import ROUTERS as OF_CONSOLE

READS = "reads alone"
ON_TIMELINE = (
    "the verification's timeline names the token: a copy of all business traffic would drown the audit"
)
UPKEEP = "the gateway's own upkeep, by no one's order"
OWN_BROWSER = "a preference of the own browser or session"
NO_GATEWAY = "no stored data of a gateway is changed"

Does = Mapping[str, Action | str]

API: Does = {
    "order_verification": ON_TIMELINE,
    "register_verification": ON_TIMELINE,
    "pull_result": Action.PULL_REQUESTED,
    "claim_next_review": Action.CASE_CLAIMED,
    "end_reviews": Action.CASE_CONCLUDED,
    "claim_review": Action.CASE_CLAIMED,
    "take_over_review": Action.CASE_TAKEN_OVER,
    "release_review": Action.CASE_RELEASED,
    "snooze_review": Action.CASE_SNOOZED,
    "propose_review": Action.CASE_PROPOSED,
    "approve_review": Action.CASE_APPROVED,
    "return_review": Action.CASE_RETURNED,
    "close_review": Action.CASE_CLOSED,
    "appeal": Action.CASE_OPENED,
    "ask_for_review": Action.CASE_OPENED,
    "erase_verification": Action.ERASED,
    "hold_verification": Action.HOLD_PLACED,
    "lift_hold": Action.HOLD_LIFTED,
    "reload_policies": Action.POLICIES_RELOADED,
    "backtest_policy": READS,
    "retry_dead_letters": Action.LETTERS_RETRIED,
    "retry_dead_letter": Action.LETTER_RETRIED,
    "delete_dead_letter": Action.LETTER_DELETED,
    "create_endpoint": Action.ENDPOINT_CREATED,
    "change_endpoint": Action.ENDPOINT_CHANGED,
    "delete_endpoint": Action.ENDPOINT_DELETED,
    "rotate_endpoint_secret": Action.ENDPOINT_ROTATED,
    "enable_endpoint": Action.ENDPOINT_ENABLED,
    "disable_endpoint": Action.ENDPOINT_DISABLED,
    "test_endpoint": Action.ENDPOINT_TESTED,
    "recover_endpoint": Action.ENDPOINT_RECOVERED,
    "redeliver_deliveries": Action.DELIVERIES_RESTARTED,
    "redeliver_delivery": Action.DELIVERY_RESTARTED,
    "read_identity": Action.IDENTITY_READ,
    "search_person": Action.PERSON_SEARCHED,
    "export_person": Action.PERSON_EXPORTED,
    "erase_person": Action.ERASED,
}
"""Endpoints of the api that are more than GET."""

CONSOLE: Does = {
    "sign_in": Action.SIGNED_IN,
    "sign_in_by_link": Action.SIGNED_IN,
    "sign_out": Action.SIGNED_OUT,
    "choose_language": OWN_BROWSER,
    "change_preferences": OWN_BROWSER,
    "change_my_password": Action.PASSWORD_SET,
    "set_my_code": Action.CODE_SET,
    "remove_my_code": Action.CODE_REMOVED,
    "end_my_sessions": Action.SESSIONS_ENDED,
    "search_verifications": READS,
    "find_by_number": Action.PERSON_SEARCHED,
    "open_case": Action.CASE_OPENED,
    "ask_for_review": Action.CASE_OPENED,
    "show_identity": Action.IDENTITY_READ,
    "erase": Action.ERASED,
    "place_hold": Action.HOLD_PLACED,
    "lift_hold": Action.HOLD_LIFTED,
    "claim_next_case": Action.CASE_CLAIMED,
    "claim_case": Action.CASE_CLAIMED,
    "renew_claim": "a renewed claim is no event of its case; the claim has its row",
    "take_case_over": Action.CASE_TAKEN_OVER,
    "release_case": Action.CASE_RELEASED,
    "snooze_case": Action.CASE_SNOOZED,
    "conclude_case": Action.CASE_CONCLUDED,
    "approve_conclusion": Action.CASE_APPROVED,
    "return_conclusion": Action.CASE_RETURNED,
    "ask_to_end_cases": READS,
    "end_many_cases": Action.CASE_CONCLUDED,
    "retry_letter": Action.LETTER_RETRIED,
    "retry_letters": Action.LETTERS_RETRIED,
    "create_endpoint": Action.ENDPOINT_CREATED,
    "change_endpoint": Action.ENDPOINT_CHANGED,
    "try_endpoint": Action.ENDPOINT_TESTED,
    "rotate_endpoint": Action.ENDPOINT_ROTATED,
    "enable_endpoint": Action.ENDPOINT_ENABLED,
    "disable_endpoint": Action.ENDPOINT_DISABLED,
    "delete_endpoint": Action.ENDPOINT_DELETED,
    "recover_endpoint": Action.ENDPOINT_RECOVERED,
    "redeliver_all": Action.DELIVERIES_RESTARTED,
    "redeliver": Action.DELIVERY_RESTARTED,
    "create_my_token": Action.PERSONAL_TOKEN_CREATED,
    "revoke_my_token": Action.PERSONAL_TOKEN_REVOKED,
    "revoke_token_of": Action.PERSONAL_TOKEN_REVOKED,
    "revoke_api_token": Action.TOKEN_REVOKED,
    "invite_person": Action.PERSON_ADDED,
    "make_link": Action.LINK_CREATED,
    "change_roles": Action.ROLE_GRANTED,
    "change_state": Action.PERSON_DISABLED,
    "run_backtest": READS,
    "export_audit": Action.AUDIT_EXPORTED,
}
"""Routes of the console that are more than GET."""

COMMANDS: Does = {
    "token create": Action.TOKEN_CREATED,
    "token revoke": Action.TOKEN_REVOKED,
    "people add": Action.PERSON_ADDED,
    "people invite": Action.LINK_CREATED,
    "people role": Action.ROLE_GRANTED,
    "people link": Action.PERSON_LINKED,
    "people disable": Action.PERSON_DISABLED,
    "people enable": Action.PERSON_ENABLED,
    "people token": Action.PERSONAL_TOKEN_CREATED,
    "dead-letters retry": Action.LETTERS_RETRIED,
    "dead-letters delete": Action.LETTERS_DELETED,
    "endpoints create": Action.ENDPOINT_CREATED,
    "endpoints rotate": Action.ENDPOINT_ROTATED,
    "endpoints enable": Action.ENDPOINT_ENABLED,
    "endpoints disable": Action.ENDPOINT_DISABLED,
    "endpoints delete": Action.ENDPOINT_DELETED,
    "endpoints test": Action.ENDPOINT_TESTED,
    "endpoints recover": Action.ENDPOINT_RECOVERED,
    "audit export": Action.AUDIT_EXPORTED,
    "audit prove": Action.AUDIT_EXPORTED,
    "audit purge": Action.AUDIT_PURGED,
    "audit close": "closes blocks as workers do; no row is changed",
    "deliveries redeliver": Action.DELIVERIES_RESTARTED,
    "keys rewrap": Action.KEYS_REWRAPPED,
    "erase": Action.ERASED,
    "erasures apply": Action.LEDGER_APPLIED,
    "retention run": Action.RETENTION_RUN,
    "hold place": Action.HOLD_PLACED,
    "hold lift": Action.HOLD_LIFTED,
    "reconcile": Action.RECONCILED,
    "migrate": "the schema is not data, and before the first revision there is no audit",
    **dict.fromkeys(["dev", "demo", "simulator", "listen", "reference", "audit verifier"], NO_GATEWAY),
    **dict.fromkeys(["worker", "serve ingress", "serve api", "serve console"], UPKEEP),
    **dict.fromkeys(
        ["doctor", "policy check", "policy backtest", "policy curve", "policy docs", "token list"], READS
    ),
    **dict.fromkeys(["people list", "dead-letters list", "endpoints list", "audit verify"], READS),
    **dict.fromkeys(["deliveries list", "deliveries show", "events tail", "explain"], READS),
    **dict.fromkeys(["keys epochs", "erasures verify", "compliance report", "workers"], READS),
}

ALSO: Does = {
    "policy": Action.POLICY_ACTIVATED,
    "epoch": Action.EPOCH_DESTROYED,
    "verifications deleted by age": Action.VERIFICATIONS_DELETED,
    "identities erased by age": Action.IDENTITIES_ERASED,
    "denial": Action.PERMISSION_DENIED,
    "failed sign-in": Action.SIGN_IN_FAILED,
    "identity limit": Action.IDENTITY_REFUSED,
    "role taken": Action.ROLE_REVOKED,
    "noted case": Action.CASE_NOTED,
    "second look": Action.CASE_LOOKED,
}
"""What the gateway notes, and what depends on the form of a request above."""

ACTORS = {"actor", "by", "session", "origin"}
"""Parameters of a use case that say who asks."""

WITHOUT: Mapping[str, str] = {
    **dict.fromkeys(
        [
            "close_blocks", "process_batches", "record_callbacks",
            "report_alerts", "upkeep", "numbers", "retain",
            "call", "confirm", "sweep", "advance",
            "await_registration", "decide", "forget_owners",
            "leftovers", "pull_after_decision", "reconcile",
            "report_unconfigured", "deliver", "erase.ErasureDesk.finish",
            "sending", "keep",
        ],
        UPKEEP,
    ),
    **dict.fromkeys(
        [
            "erase.ErasureDesk.explain", "erase.ErasureDesk.apps_with_letters",
            "change_roles.PeopleDesk.page",
            "change_roles.PeopleDesk.find", "personal_tokens.PersonalTokenDesk.page",
            "trials", "blind.blinded",
            "desk.ReviewDesk.page", "desk.ReviewDesk.concluded",
            "manage_endpoints.EndpointDesk.page", "manage_endpoints.EndpointDesk.find",
            "redeliver.Redeliveries.count",
        ],
        READS,
    ),
    "note_return.note_return": "an end user's browser, which is nobody to the gateway",
    "bounded_failures.BoundedFailures.note": "writes the audit itself",
    "provider_sign_in.ProviderSignIns.begin": "nobody has signed in yet, and nothing is stored",
}  # fmt: skip
"""Use cases, or whole modules of them, that no one acts with; without their rooms, which may change."""


def routes(routers: tuple[APIRouter, ...]) -> set[str]:
    """Endpoints that may change something."""
    every = (route for router in routers for route in router.routes if isinstance(route, APIRoute))
    return {route.name for route in every if route.methods and not route.methods <= {"GET", "HEAD"}}


def commands() -> Iterator[str]:
    """Every command of the command line."""
    for name, late in _Commands.late.items():
        found: Any = _load(name, late)
        yield from (f"{name} {each}" for each in found.commands) if hasattr(found, "commands") else [name]


def use_cases() -> Iterator[tuple[str, frozenset[str]]]:
    """Every coroutine of a use case with its parameters."""
    for module in pkgutil.walk_packages(usecases.__path__, "usecases."):
        if not module.name.startswith(("usecases.ports", "usecases.process", "usecases.context")):
            yield from _coroutines(importlib.import_module(module.name))


def _coroutines(module: Any) -> Iterator[tuple[str, frozenset[str]]]:
    for name, found in vars(module).items():
        if name.startswith("_") or getattr(found, "__module__", "") != module.__name__:
            continue
        is_use_case = inspect.isclass(found) and not getattr(found, "_is_protocol", False)
        members = vars(found).items() if is_use_case else ()
        for of, each in [(name, found), *((f"{name}.{own}", it) for own, it in members if own[0] != "_")]:
            if inspect.iscoroutinefunction(each):
                where = module.__name__.rpartition(".")[2]
                yield f"{where}.{of}", frozenset(inspect.signature(each).parameters)


@pytest.mark.parametrize(
    ("there", "told"),
    [(routes(OF_API), API), (routes(OF_CONSOLE), CONSOLE), (set(commands()), COMMANDS)],
    ids=["api", "console", "command line"],
)
def test_everything_that_may_change_something_is_told(there: set[str], told: Does) -> None:
    assert there == set(told)


def test_every_use_case_has_an_actor_or_a_reason() -> None:
    found = dict(use_cases())
    lacking = {name for name, parameters in found.items() if not parameters & ACTORS}
    excused = {name for name in lacking if WITHOUT.keys() & {name, name.partition(".")[0]}}
    assert lacking == excused
    used = {key for key in WITHOUT if any(name == key or name.startswith(f"{key}.") for name in lacking)}
    assert used == set(WITHOUT), "a reason without its use case"


def test_every_action_is_someones_and_is_tried_in_a_test() -> None:
    told = {
        what for does in (API, CONSOLE, COMMANDS, ALSO) for what in does.values() if isinstance(what, Action)
    }
    assert told == set(Action)
    others = (each for each in Path(__file__).parents[1].rglob("*.py") if each != Path(__file__))
    text = "\n".join(each.read_text() for each in others)
    untried = {
        action for action in Action if action.value not in text and f"Action.{action.name}" not in text
    }
    assert not untried
