"""An api whose vendor issues tokens as a test says."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import httpx2
import pytest

from domain.apps.app import App
from domain.apps.order import IssuedToken, Order
from service.api.main import create_app
from tests.support.http.api import RealApi
from tests.support.storage.stores import (
    NOW,
    biz_id,
)

URL = "/v1/verifications"
ORDER = {"app_id": "demo", "biz_no": "order-1"}
EXPIRES = NOW + timedelta(minutes=50)


@dataclass
class ScriptedIssuer:
    """Issues the token of verification 1 or raises `error`; notes what was ordered."""

    error: Exception | None = None
    orders: list[Order] = field(default_factory=list)

    async def get_token(self, app: App, order: Order) -> IssuedToken:
        self.orders.append(order)
        if self.error is not None:
            raise self.error
        return IssuedToken(biz_id(), "t0/ken+", EXPIRES)


@pytest.fixture
def issuer() -> ScriptedIssuer:
    return ScriptedIssuer()


@pytest.fixture
async def scripted(
    api: httpx2.AsyncClient, api_context: RealApi, issuer: ScriptedIssuer
) -> httpx2.AsyncClient:
    """The API with a vendor that answers as a test sets it."""
    transport = httpx2.ASGITransport(create_app(replace(api_context, issuer=issuer)))
    return httpx2.AsyncClient(transport=transport, base_url="http://api", headers=api.headers)
