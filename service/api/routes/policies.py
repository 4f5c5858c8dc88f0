"""Policies: list and reload them, test a candidate on stored facts, compare a shadow."""

from typing import Annotated

from fastapi import Path, Query

from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.errors import PolicyFileError
from domain.views.decisions import Selection
from service.api.auth import Caller, Operator, Reader, guarded_router
from service.api.context import ApiContext, Context
from service.api.errors import ApiProblem
from service.api.models.policies import (
    SHOWN_CHANGES,
    BacktestModel,
    BacktestRequest,
    PoliciesModel,
    PolicyInForce,
    ReloadModel,
    ShadowModel,
)
from service.api.responses import problems
from usecases.policies.trials import PolicyTrials

router = guarded_router("/v1/policies", tag="policies")


@router.get("")
async def list_policies(caller: Reader, context: Context) -> PoliciesModel:
    """The policies in force; for a token limited to apps, the ones that its apps use."""
    names = _named_by(caller, context)
    mine = [policy for policy in context.policies.all() if policy.name in names]
    return PoliciesModel(items=[PolicyInForce.of(policy) for policy in mine])


@router.post("/reload", responses=problems("missing_scope", "all_apps_required", "unavailable"))
async def reload_policies(caller: Operator, context: Context) -> ReloadModel:
    """Read the policy files again in every process; a broken file keeps the last good policy.

    Policies decide for every app, so a token that is limited to apps cannot do this.
    """
    if not caller.of_every_app:
        raise ApiProblem("all_apps_required")
    await context.audit.note(AuditRow.by(caller.actor, Action.POLICIES_RELOADED))
    wrong = await context.reloads.order()
    return ReloadModel.of(context.policies.all(), wrong)


@router.post("/backtest", responses=problems("policy_invalid", "invalid_request"))
async def backtest_policy(caller: Reader, context: Context, request: BacktestRequest) -> BacktestModel:
    """Decide stored facts again with a candidate policy and compare; changes nothing."""
    selection = Selection(caller.narrowed(request.app_id), since=request.since, limit=request.limit)
    trials = PolicyTrials(context.stored, computing=context.computing)
    try:
        policy, comparison = await trials.backtest(request.policy, selection, keep=SHOWN_CHANGES)
    except PolicyFileError as error:
        raise ApiProblem("policy_invalid", detail=str(error)) from None
    return BacktestModel.of(policy, comparison)


@router.get("/{name}/shadow", responses=problems("not_found", "invalid_request"))
async def compare_shadow(
    name: Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")],
    caller: Reader,
    context: Context,
    app_id: str | None = None,
    content_hash: Annotated[
        str | None, Query(pattern=r"^[0-9a-f]{64}$", description="Only this text of the candidate")
    ] = None,
) -> ShadowModel:
    """The decisions of a candidate policy so far, compared with the live policy's."""
    shadow = await context.shadows.compare(
        name, caller.narrowed(app_id), content_hash=content_hash, keep=SHOWN_CHANGES
    )
    if not shadow.texts and name not in _named_by(caller, context):
        raise ApiProblem("not_found")
    return ShadowModel.of(name, shadow)


def _named_by(caller: Caller, context: ApiContext) -> set[str]:
    """The policies that the caller may see: all, or those that its apps use."""
    if caller.of_every_app:
        return {policy.name for policy in context.policies.all()}
    apps = [context.apps[app_id] for app_id in caller.app_ids]
    return {name for app in apps for name in (app.policy, app.candidate_policy) if name is not None}
