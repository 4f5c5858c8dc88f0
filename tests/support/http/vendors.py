"""The simulator in the vendor's place, without sockets, and the apps that it knows."""

from datetime import timedelta
from functools import cached_property

import httpx2
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.outbound.vendor.get_token import FaceidTokens
from domain.apps.app import App
from simulator.api.answers import Clock
from simulator.main import create_app
from simulator.settings import SimulatedApp, SimulatorSettings

VENDOR = "http://vendor.test"
NOTIFY_URL = "https://faceid.example/callbacks/{}/notify"
RETURN_URL = "https://faceid.example/callbacks/{}/return"


def _app(app_id: str) -> App:
    return App(
        app_id=app_id,
        api_key=f"{app_id}-key",
        secrets=(f"{app_id}-secret".encode(),),
        vendor_url=f"{VENDOR}/faceid/lite",
        notify_url=NOTIFY_URL.format(app_id),
        return_url=RETURN_URL.format(app_id),
    )


API_APPS = {app_id: _app(app_id) for app_id in ("demo", "other")}


class SimulatedVendor:
    """A simulator that knows the apps of API_APPS. Few tests send to it: its first request composes it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    @cached_property
    def _app(self) -> ASGIApp:
        return _simulator(self._clock)


def _simulator(clock: Clock) -> ASGIApp:
    apps = {
        app_id: SimulatedApp(
            api_key=app.api_key,
            api_secret=app.secrets[0].decode(),
            notify_url=NOTIFY_URL.format(app_id),
            return_url=RETURN_URL.format(app_id),
        )
        for app_id, app in API_APPS.items()
    }
    # What the simulator sends goes nowhere: a real transport reads the system's certificates for each test.
    nowhere = httpx2.MockTransport(lambda _: httpx2.Response(404))
    return create_app(SimulatorSettings(apps=apps), clock=clock, transport=nowhere)


def issuer_at(vendor: ASGIApp) -> FaceidTokens:
    """get_token's client, on a vendor in this process."""
    return FaceidTokens(httpx2.ASGITransport(vendor), timeout=timedelta(seconds=5))
