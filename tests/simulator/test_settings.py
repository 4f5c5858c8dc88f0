import json
from datetime import UTC, datetime

import httpx2
import pytest
from pydantic import ValidationError

from simulator.main import create_app
from simulator.settings import SimulatedApp, SimulatorSettings

APP = {
    "api_key": "k",
    "api_secret": "the-secret",
    "notify_url": "http://127.0.0.1:8028/n",
    "return_url": "http://127.0.0.1:8028/r",
}


def test_apps_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_SIMULATOR_PORT", "8123")
    monkeypatch.setenv("FACEID_SIMULATOR_APPS", json.dumps({"demo": APP | {"hash": "sha256"}}))

    settings = SimulatorSettings()

    assert settings.host == "127.0.0.1"
    assert settings.public_url == "http://127.0.0.1:8123"
    assert settings.apps["demo"].hash == "sha256"


def test_the_public_url_can_be_given() -> None:
    assert SimulatorSettings(public_url="https://vendor.example").public_url == "https://vendor.example"


def test_the_secret_does_not_show() -> None:
    settings = SimulatorSettings(apps={"demo": SimulatedApp.model_validate(APP)})
    assert "the-secret" not in repr(settings)


def test_two_apps_cannot_share_a_key() -> None:
    app = SimulatedApp.model_validate(APP)
    with pytest.raises(ValidationError, match="share one api_key"):
        SimulatorSettings(apps={"a": app, "b": app})


@pytest.mark.parametrize("change", [{"hash": "md5"}, {"notify_url": "ftp://x"}, {"api_secret": ""}, {"x": 1}])
def test_a_wrong_app_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SimulatedApp.model_validate(APP | change)


async def test_a_tokens_life_can_be_set() -> None:
    order = {**APP, "biz_no": "order-1"}
    settings = SimulatorSettings(apps={"demo": SimulatedApp.model_validate(APP)}, token_life=2)
    now = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
    transport = httpx2.ASGITransport(create_app(settings, clock=lambda: now))
    async with httpx2.AsyncClient(transport=transport, base_url="http://vendor.test") as client:
        answer = (await client.post("/faceid/lite/get_token", data=order)).json()
    assert answer["expired_time"] == now.timestamp() + 2
