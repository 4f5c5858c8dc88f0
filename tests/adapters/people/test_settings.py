"""The settings of the console and of the identity provider, and what is said about wrong ones."""

import json
from pathlib import Path

import pytest

from adapters.settings.settings import load_settings
from domain.errors import SettingsError
from domain.people.roles import Grant, Role
from tests.support.servers.doors_of_tls import write_certificate

MASTER_KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
RIGHT = {
    "FACEID_REDIS_URL": "redis://localhost",
    "FACEID_DATABASE_URL": "postgresql://localhost/faceid",
    "FACEID_MASTER_KEYS": MASTER_KEY,
    "FACEID_APPS": json.dumps({"shop": {"api_key": "k", "api_secrets": ["s"]}}),
}
PROVIDER = {
    "FACEID_CONSOLE_URL": "https://console.example/",
    "FACEID_OIDC_ISSUER": "https://login.example/realms/a/",
    "FACEID_OIDC_CLIENT_ID": "gateway",
    "FACEID_OIDC_CLIENT_SECRET": "canary-secret",
    "FACEID_OIDC_GROUPS": "cn=a=admin, staff=viewer, staff=reviewer@shop",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> pytest.MonkeyPatch:
    monkeypatch.chdir(str(tmp_path))
    for name, value in (RIGHT | PROVIDER).items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.usefixtures("environment")
def test_a_provider_with_its_groups() -> None:
    settings = load_settings()
    client = settings.oidc_client()
    assert client is not None
    assert (client.issuer, client.client_secret) == ("https://login.example/realms/a/", "canary-secret")
    assert settings.console_address() == "https://console.example"
    assert settings.oidc_grants() == {
        "cn=a": [Grant(Role.ADMIN)],
        "staff": [Grant(Role.VIEWER), Grant(Role.REVIEWER, "shop")],
    }
    assert "canary" not in repr(settings) + repr(client)


def test_without_a_provider_there_are_passwords(environment: pytest.MonkeyPatch) -> None:
    for name in PROVIDER:
        environment.delenv(name)
    settings = load_settings()
    assert settings.oidc_client() is None
    assert settings.console_address() == "http://127.0.0.1:8081"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CONSOLE_URL", "http://console.example", "must begin with https://"),
        ("CONSOLE_URL", "https://console.example/path", "must be https://HOST, without a path"),
        ("CONSOLE_URL", "console.example", "must be a URL"),
        ("CONSOLE_URL", None, "not set, but FACEID_OIDC_ISSUER is"),
        ("OIDC_ISSUER", "http://login.example", "must begin with https://"),
        ("OIDC_ISSUER", None, "not set"),
        ("OIDC_CLIENT_ID", None, "not set, but FACEID_OIDC_ISSUER is"),
        ("OIDC_GROUPS", None, "not set, but FACEID_OIDC_ISSUER is"),
        ("OIDC_GROUPS", "staff", "item 1: must be GROUP=ROLE"),
        ("OIDC_GROUPS", "a=admin,b=emperor", "item 2: must be GROUP=ROLE"),
        ("OIDC_GROUPS", "a=viewer@", "item 1: must be GROUP=ROLE"),
        ("OIDC_GROUPS", "=admin", "item 1: must be GROUP=ROLE"),
        ("OIDC_GROUPS", "a=admin,b=viewer@shpo", "item 2: there is no such app"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(
    environment: pytest.MonkeyPatch, name: str, value: str | None, said: str
) -> None:
    if value is None:
        environment.delenv(f"FACEID_{name}")
    else:
        environment.setenv(f"FACEID_{name}", value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value).startswith(f"FACEID_{name}: {said}")
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://localhost:8081", "http://127.0.0.1:8081", "http://[::1]:8081"])
def test_this_machine_needs_no_https(environment: pytest.MonkeyPatch, url: str) -> None:
    environment.setenv("FACEID_CONSOLE_URL", url)
    assert load_settings().console_address() == url


def test_the_way_to_the_provider(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_certificate(tmp_path)
    environment.setenv("FACEID_OIDC_ALLOW", "10.0.0.0/8, keys.internal")
    environment.setenv("FACEID_OIDC_PROXY", "http://u:canary@proxy.example:3128")
    environment.setenv("FACEID_OIDC_CA", str(tmp_path / "server.crt"))
    settings = load_settings()
    way = settings.oidc_way()
    assert way.allowed.hosts == {"keys.internal"}
    assert (way.proxy, way.ca) == (
        "http://u:canary@proxy.example:3128",
        (tmp_path / "server.crt").read_text(),
    )
    assert "canary" not in repr(settings)


@pytest.mark.parametrize("content", [None, b"", b"\xff\x00", b"-----BEGIN CERTIFICATE-----\ncanary"])
def test_certificates_that_are_none_stop_the_console(
    environment: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    environment.setenv("FACEID_OIDC_CA", str(tmp_path / "ca.pem"))
    with pytest.raises(SettingsError, match=r"^FACEID_OIDC_CA: the file ") as wrong:
        load_settings().oidc_way()
    assert "canary" not in str(wrong.value)
