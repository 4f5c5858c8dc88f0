"""Environment, `.env` and TOML come together; a wrong setting is one line that names it, not its value."""

import base64
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.settings import load_settings
from domain.budget import PullRules
from domain.errors import SettingsError
from domain.model import ConfirmationMode
from domain.registration import ReconcileRules

CANARY = "canary-5d41402a"
KEY = base64.b64encode(b"k" * 32).decode()
OTHER_KEY = base64.b64encode(b"o" * 32).decode()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder and a whole and right environment."""
    for name in [name for name in os.environ if name.startswith("FACEID_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FACEID_REDIS_URL", "redis://localhost/0")
    monkeypatch.setenv("FACEID_DATABASE_URL", "postgresql://localhost/faceid")
    monkeypatch.setenv("FACEID_MASTER_KEYS", KEY)
    monkeypatch.setenv("FACEID_APPS", apps())
    return tmp_path


def apps(**changes: Any) -> str:
    """FACEID_APPS with one app `demo`; None leaves a key out."""
    app = {"api_key": "key", "api_secrets": ["secret"]} | changes
    return json.dumps({"demo": {name: value for name, value in app.items() if value is not None}})


def write_toml(folder: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    (folder / "gateway.toml").write_text(content)
    monkeypatch.setenv("FACEID_CONFIG", str(folder / "gateway.toml"))


def test_the_defaults_are_the_safe_ones() -> None:
    settings = load_settings()
    app = settings.domain_apps()["demo"]
    assert settings.durability == "fsync"
    assert settings.max_body_bytes == 256 * 1024
    assert (settings.inbox_timeout, settings.shutdown_delay) == (0.4, 5)
    assert settings.spool_dir is None
    assert settings.key_bytes() == [b"k" * 32]
    assert (app.secrets, app.hash_name, app.confirmation) == ((b"secret",), "sha1", None)
    assert (app.vendor_url, app.pull_retry_delays) == (
        "https://api.megvii.com/faceid/lite",
        (timedelta(minutes=1),),
    )


def test_the_reconciler_is_patient_by_default() -> None:
    settings = load_settings()
    assert settings.reconcile_rules() == ReconcileRules(timedelta(minutes=15), timedelta(hours=20))
    assert settings.pull_rules() == PullRules(timedelta(minutes=1), timedelta(minutes=1), 2)
    assert settings.pull_rules(limit=3).limit == 3


def test_a_call_may_be_under_way_for_as_long_as_its_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_PULL_TIMEOUT", "90")
    assert load_settings().pull_rules().in_flight > timedelta(seconds=90)


def test_the_environment_wins_over_dotenv_which_wins_over_toml(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_toml(folder, monkeypatch, "pull_timeout = 1\nbody_timeout = 1\ninbox_timeout = 0.1\n")
    (folder / ".env").write_text("FACEID_PULL_TIMEOUT=2\nFACEID_BODY_TIMEOUT=2\n")
    monkeypatch.setenv("FACEID_PULL_TIMEOUT", "3")
    settings = load_settings()
    assert (settings.pull_timeout, settings.body_timeout, settings.inbox_timeout) == (3, 2, 0.1)


def test_the_apps_of_all_three_are_merged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = """
        [apps.from_toml]
        api_key = "toml"
        api_secrets = ["a"]
        [apps.demo]
        landing_url = "https://shop.example/done"
    """
    write_toml(folder, monkeypatch, toml)
    (folder / ".env").write_text('FACEID_APPS={"from_dotenv": {"api_key": "dotenv", "api_secrets": ["b"]}}\n')
    found = load_settings().domain_apps()
    assert {app_id: app.api_key for app_id, app in found.items()} == {
        "from_toml": "toml",
        "from_dotenv": "dotenv",
        "demo": "key",
    }
    assert found["demo"].landing_url == "https://shop.example/done"


def test_everything_can_stand_in_toml(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDIS_URL", "DATABASE_URL", "MASTER_KEYS", "APPS"):
        monkeypatch.delenv(f"FACEID_{name}")
    toml = f"""
        redis_url = "redis://toml/0"
        database_url = "postgresql://toml/x"
        master_keys = ["{OTHER_KEY}", "{KEY}"]
        [apps.plus]
        api_key = "key"
        api_secrets = ["new", "old"]
        hash = "sha256"
        vendor_url = "https://vendor.example/"
        vendor_path = "/finauth/lite"
        confirmation = "off"
        return_image = 2
        pull_retry_delays = [1, 2.5]
    """
    write_toml(folder, monkeypatch, toml)
    settings = load_settings()
    assert settings.key_bytes() == [b"o" * 32, b"k" * 32]
    app = settings.domain_apps()["plus"]
    assert (app.secrets, app.hash_name, app.vendor_url) == (
        (b"new", b"old"),
        "sha256",
        "https://vendor.example/finauth/lite",
    )
    assert (app.confirmation, app.return_image) == (ConfirmationMode.OFF, 2)
    assert app.pull_retry_delays == (timedelta(seconds=1), timedelta(seconds=2.5))


def test_several_master_keys_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_MASTER_KEYS", f"{OTHER_KEY}, {KEY}")
    assert load_settings().key_bytes() == [b"o" * 32, b"k" * 32]


def test_env_name_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET", "from elsewhere")
    monkeypatch.setenv("SHOP_KEY", KEY)
    monkeypatch.setenv("FACEID_APPS", apps(api_secrets=["env:SHOP_SECRET", "plain"]))
    monkeypatch.setenv("FACEID_MASTER_KEYS", "env:SHOP_KEY")
    settings = load_settings()
    assert settings.domain_apps()["demo"].secrets == (b"from elsewhere", b"plain")


def test_no_secret_stands_in_a_printed_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_APPS", apps(api_secrets=[CANARY]))
    settings = load_settings()
    printed = f"{settings!r} {settings} {settings.domain_apps()}"
    assert CANARY not in printed
    assert KEY not in printed


WRONG: list[tuple[str, str | None, str]] = [
    ("FACEID_REDIS_URL", None, "FACEID_REDIS_URL: Field required"),
    ("FACEID_DATABASE_URL", None, "FACEID_DATABASE_URL: Field required"),
    ("FACEID_MASTER_KEYS", None, "FACEID_MASTER_KEYS: Field required"),
    ("FACEID_MASTER_KEYS", "", "FACEID_MASTER_KEYS: must not be empty"),
    ("FACEID_MASTER_KEYS", CANARY, "FACEID_MASTER_KEYS: a master key is 32 bytes in base64"),
    ("FACEID_MASTER_KEYS", f"{KEY},{KEY[:-8]}", "FACEID_MASTER_KEYS: a master key is 32 bytes in base64"),
    ("FACEID_MASTER_KEYS", "env:NOWHERE", "FACEID_MASTER_KEYS: the environment variable NOWHERE is not set"),
    ("FACEID_APPS", None, "apps: Field required"),
    ("FACEID_APPS", "{}", "apps: "),
    ("FACEID_APPS", f"[{CANARY}", "apps"),
    ("FACEID_APPS", '{"demo": 7}', "apps.demo: "),
    ("FACEID_APPS", json.dumps({"Demo!": {"api_key": "k", "api_secrets": [CANARY]}}), "apps.Demo!: "),
    ("FACEID_APPS", apps(api_key=None), "apps.demo.api_key: Field required"),
    ("FACEID_APPS", apps(api_secrets=None), "apps.demo.api_secrets: Field required"),
    ("FACEID_APPS", apps(api_secrets=[]), "apps.demo.api_secrets: "),
    ("FACEID_APPS", apps(api_secrets=[""]), "apps.demo.api_secrets.0: must not be empty"),
    ("FACEID_APPS", apps(api_secrets=["a", "env:NOWHERE"]), "apps.demo.api_secrets.1: the environment var"),
    ("FACEID_APPS", apps(api_secrets=[{"is": CANARY}]), "apps.demo.api_secrets.0: "),
    ("FACEID_APPS", apps(hash=CANARY), "apps.demo.hash: "),
    ("FACEID_APPS", apps(landing_url=f"javascript:{CANARY}"), "apps.demo.landing_url: "),
    ("FACEID_APPS", apps(vendor_url="ftp://x"), "apps.demo.vendor_url: "),
    ("FACEID_APPS", apps(confirmation=CANARY), "apps.demo.confirmation: "),
    ("FACEID_APPS", apps(return_image=5), "apps.demo.return_image: "),
    ("FACEID_APPS", apps(pull_retry_delays=[-1]), "apps.demo.pull_retry_delays.0: "),
    ("FACEID_APPS", apps(api_secert=CANARY), "apps.demo.api_secert: "),
    ("FACEID_DURABILITY", CANARY, "FACEID_DURABILITY: "),
    ("FACEID_MAX_BODY_BYTES", CANARY, "FACEID_MAX_BODY_BYTES: "),
    ("FACEID_MAX_BODY_BYTES", "0", "FACEID_MAX_BODY_BYTES: "),
    ("FACEID_PULLS_IN_FLIGHT", "1.5", "FACEID_PULLS_IN_FLIGHT: "),
    ("FACEID_SWEEP_EVERY", "31", "FACEID_SWEEP_EVERY: "),
    ("FACEID_LOG_LEVEL", CANARY, "FACEID_LOG_LEVEL: "),
    ("FACEID_CONFIG", "nowhere.toml", "FACEID_CONFIG names nowhere.toml"),
]


@pytest.mark.parametrize(("name", "value", "message"), WRONG, ids=[f"{row[0]}={row[1]}" for row in WRONG])
def test_a_wrong_setting_is_named_in_one_line_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None, message: str
) -> None:
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    said = str(caught.value)
    assert message in said
    assert "\n" not in said
    assert CANARY not in said
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize(
    "content",
    [
        f"x = {CANARY}",
        f'[apps.demo\napi_key = "{CANARY}"',
        f'apps = "{CANARY}"',
        f"[apps.demo]\nhash = '{CANARY}'",
    ],
    ids=["no value", "no table", "apps is text", "no such hash"],
)
def test_a_broken_file_is_one_line_without_its_content(
    folder: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.delenv("FACEID_APPS")
    write_toml(folder, monkeypatch, content)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "\n" not in str(caught.value)
    assert CANARY not in str(caught.value)


def test_trusted_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().trusted_proxies == []
    monkeypatch.setenv("FACEID_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8, 2001:db8::/32")
    assert [str(each) for each in load_settings().trusted_proxies] == [
        "127.0.0.1/32",
        "10.0.0.0/8",
        "2001:db8::/32",
    ]


@pytest.mark.parametrize("everybody", ["*", "proxy.example", "10.0.0.0/33"])
def test_nobody_can_trust_everybody_by_a_star(everybody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_TRUSTED_PROXIES", everybody)
    with pytest.raises(SettingsError, match=r"^FACEID_TRUSTED_PROXIES: "):
        load_settings()
