"""Who may do what: bearer tokens with scopes, each limited to its apps."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from adapters.store.tokens import ApiToken
from service.api.context import Context
from service.api.errors import ApiProblem

_bearer: Final = HTTPBearer(auto_error=False, description="A token made by `faceid-gateway token create`")


@dataclass(frozen=True)
class Caller:
    """The bearer of a valid token; `app_ids` are the apps it may see."""

    token: ApiToken
    app_ids: list[str]

    def narrowed(self, app_id: str | None) -> list[str]:
        """The caller's apps, or of them just `app_id`; a foreign app leaves none."""
        return self.app_ids if app_id is None else [mine for mine in self.app_ids if mine == app_id]


async def authenticate(
    needed: SecurityScopes,
    context: Context,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """The caller, if its token is valid and has the scopes that the endpoint needs."""
    token = await context.tokens.check(credentials.credentials) if credentials else None
    if token is None:
        raise ApiProblem("unauthenticated")
    if not set(needed.scopes) <= set(token.scopes):
        raise ApiProblem("missing_scope")
    mine = context.app_ids if token.apps is None else token.apps
    return Caller(token, [app_id for app_id in mine if app_id in context.app_ids])


Reader = Annotated[Caller, Security(authenticate, scopes=["verifications:read"])]
Writer = Annotated[Caller, Security(authenticate, scopes=["verifications:write"])]
Operator = Annotated[Caller, Security(authenticate, scopes=["operate"])]
