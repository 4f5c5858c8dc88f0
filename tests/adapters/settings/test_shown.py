"""Settings on a page: none of them tells a secret."""

from pathlib import Path

import pytest

from adapters.settings.settings import load_settings
from adapters.settings.shown import shown_settings
from tests.support.right_settings import CANARY, apps, set_right


def test_no_secret_and_no_address_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_right(monkeypatch, tmp_path)
    monkeypatch.setenv("FACEID_REDIS_URL", f"redis://:{CANARY}@localhost/0")
    monkeypatch.setenv("FACEID_DATABASE_URL", f"postgresql://faceid:{CANARY}@localhost/faceid")
    monkeypatch.setenv("FACEID_WEBHOOK_PROXY", f"http://user:{CANARY}@proxy.example:3128")
    monkeypatch.setenv("FACEID_APPS", apps(api_key=CANARY, api_secrets=[CANARY]))
    monkeypatch.setenv("FACEID_OIDC_ISSUER", "https://idp.example")
    monkeypatch.setenv("FACEID_OIDC_CLIENT_ID", "console")
    monkeypatch.setenv("FACEID_OIDC_CLIENT_SECRET", CANARY)
    monkeypatch.setenv("FACEID_OIDC_GROUPS", "ops=operator")
    monkeypatch.setenv("FACEID_CONSOLE_URL", "https://console.example")
    shown = {each.name: each for each in shown_settings(load_settings())}
    assert CANARY not in str(shown)
    assert "localhost" not in str(shown)
    assert shown["FACEID_DATABASE_URL"].value == "***"
    assert (shown["FACEID_APPS"].value, shown["FACEID_MASTER_KEYS"].value) == ("1", "1")


def test_a_setting_shows_its_value_and_whether_it_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_right(monkeypatch, tmp_path)
    monkeypatch.setenv("FACEID_API_RATE", "250")
    shown = {each.name: each for each in shown_settings(load_settings())}
    assert shown["FACEID_API_RATE"][1:] == ("250.0", True)
    assert shown["FACEID_DURABILITY"][1:] == ("fsync", False)
    assert shown["FACEID_SPOOL_DIR"].value == "–"
    assert shown["FACEID_ROLES"].value == "record, deliver"
