"""Endpoints that tests store, with a secret of each kind."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.events.webhooks.endpoint import Endpoint, EndpointPrivate, EndpointSettings, SigningKey
from domain.events.webhooks.signing import SigningSecret, new_secret
from tests.support.storage.stores import NOW

URL = "https://shop.example/hook?token=canary-url-71c2"
HEADER = ("x-canary", "canary-header-4a1f")
SECRET = new_secret(b"canary-secret-of-32-bytes-long-!")
SEED = b"canary-seed-of-32-bytes-long-!!!"
CA = "canary-ca-90de"


def endpoint(n: int = 1, *, app_id: str = "demo", **settings: Any) -> Endpoint:
    """Endpoint `n`, created `n` seconds after NOW."""
    at = NOW + timedelta(seconds=n)
    return Endpoint(
        id=UUID(int=n),
        app_id=app_id,
        settings=EndpointSettings(**{"url": URL, **settings}),
        private=EndpointPrivate(
            headers=(HEADER,),
            ca=CA,
            secrets=(SigningSecret(SECRET),),
            keys=(SigningKey(SEED, "whpk_public"),),
        ),
        created_at=at,
        updated_at=at,
    )
