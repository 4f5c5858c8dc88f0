"""Policies: the texts in force, earlier versions, the difference of two, the report of a shadow."""

from collections.abc import Sequence
from typing import Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.people.session import Session
from domain.policy.explanation import PolicyText
from domain.policy.file.difference import difference
from domain.policy.file.policy import Policy
from domain.views.decisions import PolicyVersion
from service.console.app.errors import NotFound
from service.console.app.forms.inputs import narrowed
from service.console.app.sessions import Reader, apps_of
from service.console.app.templates import page
from service.console.context import ConsoleContext, Context

router = APIRouter()

_SCOPE: Final = "verifications:read"
_SHOWN: Final = 100
"""Verifications that a report lists."""


class InForce(msgspec.Struct, frozen=True):
    """A policy in force, the apps that it decides for, and those for which it is the shadow."""

    policy: Policy
    decides: Sequence[str]
    shadows: Sequence[str]


@router.get("/policies")
async def list_policies(request: Request, context: Context, session: Reader) -> Response:
    """The policies of the person's apps, and every text that has decided under their names."""
    in_force = _in_force(context, session)
    names = [each.policy.name for each in in_force]
    versions = await context.policies.history.versions(names)
    return page(
        request,
        "policies/list.html",
        in_force=in_force,
        versions=_with_current(versions, [each.policy for each in in_force]),
        current={each.policy.content_hash for each in in_force},
    )


@router.get("/policies/{name}/texts/{content_hash}")
async def show_policy(
    request: Request, context: Context, session: Reader, name: str, content_hash: str
) -> Response:
    """One text."""
    found = await _text(context, session, name, content_hash)
    return page(request, "policies/text.html", policy=found)


@router.get("/policies/{name}/difference")
async def show_difference(
    request: Request,
    context: Context,
    session: Reader,
    name: str,
    before: str = "",
    after: str = "",
) -> Response:
    """What changed between two texts of one name."""
    one = await _text(context, session, name, before)
    other = await _text(context, session, name, after)
    lines = difference(one.text, other.text)
    return page(request, "policies/difference.html", one=one, other=other, lines=lines)


@router.get("/policies/{name}/shadow")
async def show_shadow(
    request: Request, context: Context, session: Reader, name: str, app: str = "", text: str = ""
) -> Response:
    """What a candidate decided so far, compared with the live decisions."""
    if name not in {each.policy.name for each in _in_force(context, session)}:
        raise NotFound
    shadow = await context.policies.shadows.compare(
        name,
        narrowed(session, _SCOPE, context.app_ids, app),
        content_hash=text[:64] or None,
        keep=_SHOWN,
    )
    return page(
        request,
        "policies/shadow.html",
        name=name,
        shadow=shadow,
        app=app,
        text=text,
        app_ids=apps_of(session, _SCOPE, context.app_ids),
    )


def _in_force(context: ConsoleContext, session: Session) -> list[InForce]:
    """The policies that the person's apps use; all of them for a person of every app."""
    mine = set(apps_of(session, _SCOPE, context.app_ids))
    apps = {app_id: app for app_id, app in context.policies.apps.items() if app_id in mine}
    sees_all = session.rights.apps_for([_SCOPE]) is None
    found = []
    for policy in context.policies.book.all():
        decides = sorted(app_id for app_id, app in apps.items() if app.policy == policy.name)
        shadows = sorted(app_id for app_id, app in apps.items() if app.candidate_policy == policy.name)
        if sees_all or decides or shadows:
            found.append(InForce(policy, decides, shadows))
    return found


async def _text(context: ConsoleContext, session: Session, name: str, content_hash: str) -> PolicyText:
    """The text, in force or from the history, if the person's apps use its name. Raises NotFound."""
    names = {each.policy.name: each.policy for each in _in_force(context, session)}
    policy = names.get(name)
    if policy is not None and policy.content_hash == content_hash:
        return PolicyText(policy.name, policy.version, policy.content_hash, policy.text)
    # A person of every app also sees the texts of names that are no longer in force.
    may_see = policy is not None or session.rights.apps_for([_SCOPE]) is None
    found = await context.policies.history.text(name, content_hash) if may_see else None
    if found is None:
        raise NotFound
    return found


def _with_current(versions: list[PolicyVersion], policies: list[Policy]) -> list[PolicyVersion]:
    """The versions with those in force that have not decided yet, by name and newest first."""
    known = {(version.name, version.content_hash) for version in versions}
    unused = [
        PolicyVersion(policy.name, policy.version, policy.content_hash, None)
        for policy in policies
        if (policy.name, policy.content_hash) not in known
    ]
    return sorted([*unused, *versions], key=lambda version: version.name)
