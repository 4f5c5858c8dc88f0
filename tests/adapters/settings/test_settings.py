"""Environment, `.env` and TOML come together."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.outbound.alerts.settings import AlertSettings
from adapters.settings.apps import AppSettings
from adapters.settings.settings import IngressSettings, Settings, load_settings
from domain.errors import SettingsError
from domain.model import ConfirmationMode
from domain.pulls.budget import PullRules
from domain.pulls.reconciliation import ReconcileRules
from tests.support.right_settings import CANARY, KEY, OTHER_KEY, apps, set_right, write_toml

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder and a whole and right environment."""
    set_right(monkeypatch, tmp_path)
    return tmp_path


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
        (timedelta(minutes=1), timedelta(hours=1)),
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
        pictures_url = "file:///pictures"
        [apps.plus]
        api_key = "key"
        api_secrets = ["new", "old"]
        hash = "sha256"
        vendor_url = "https://vendor.example/"
        vendor_path = "/finauth/lite"
        confirmation = "off"
        return_image = 6
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
    assert (app.confirmation, app.return_image) == (ConfirmationMode.OFF, 6)
    assert app.pull_retry_delays == (timedelta(seconds=1), timedelta(seconds=2.5))


def test_a_dotenv_may_name_the_file_and_hold_what_it_refers_to(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "gateway.toml").write_text('[apps.shop]\napi_key = "k"\napi_secrets = ["env:SHOP_SECRET"]\n')
    (folder / ".env").write_text("FACEID_CONFIG=gateway.toml\nSHOP_SECRET=from-dotenv\n")
    assert load_settings().domain_apps()["shop"].secrets == (b"from-dotenv",)
    monkeypatch.setenv("SHOP_SECRET", "from-the-environment")
    assert load_settings().domain_apps()["shop"].secrets == (b"from-the-environment",)


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


def test_no_printed_setting_contains_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_APPS", apps(api_secrets=[CANARY]))
    monkeypatch.setenv("FACEID_REDIS_URL", f"redis://:{CANARY}@h")
    monkeypatch.setenv("FACEID_DATABASE_URL", f"postgresql://u:{CANARY}@h/x")
    settings = load_settings()
    printed = f"{settings!r} {settings} {settings.domain_apps()}"
    assert CANARY not in printed
    assert KEY not in printed


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
def test_files_of_any_editor_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch, mark: bytes) -> None:
    write_toml(folder, monkeypatch, "")
    (folder / "gateway.toml").write_bytes(mark + b"pull_timeout = 3\r\n")
    (folder / ".env").write_bytes(mark + b"FACEID_BODY_TIMEOUT=4\r\n")
    settings = load_settings()
    assert (settings.pull_timeout, settings.body_timeout) == (3, 4)


def test_trusted_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().trusted_proxies == []
    monkeypatch.setenv("FACEID_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8, 2001:db8::/32")
    assert [str(each) for each in load_settings().trusted_proxies] == [
        "127.0.0.1/32",
        "10.0.0.0/8",
        "2001:db8::/32",
    ]


def test_the_example_names_every_setting_and_no_other() -> None:
    top, rest = (ROOT / "deploy" / "faceid.example.toml").read_text().split("[apps.demo]")
    parts = (top, *rest.split("[alerts.ops]"))
    named = [set(re.findall(r"^(?:# )?([a-z_]+) = ", part, flags=re.MULTILINE)) for part in parts]
    elsewhere = {"redis_url", "database_url", "master_keys", "apps", "alerts"}
    assert named[0] == set(Settings.model_fields) - elsewhere
    assert named[1] == set(AppSettings.model_fields)
    assert named[2] == set(AlertSettings.model_fields)


def test_webhooks_may_go_to_networks_hosts_and_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().webhook_allow == []
    monkeypatch.setenv("FACEID_WEBHOOK_ALLOW", "10.0.0.0/8,crm.internal, http://crm.internal:8080")
    assert load_settings().webhook_allow == ["10.0.0.0/8", "crm.internal", "http://crm.internal:8080"]


@pytest.mark.parametrize(
    "entry", ["0.0.0.0/0", "::/0", "*", "http://crm.internal/path", "ftp://crm.internal"]
)
def test_an_allowance_without_bounds_stops_the_start(entry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_WEBHOOK_ALLOW", entry)
    with pytest.raises(SettingsError, match="FACEID_WEBHOOK_ALLOW"):
        load_settings()


@pytest.mark.parametrize("url", ["proxy:3128", "socks5://proxy:1080", "http://", "http://proxy/path"])
def test_an_egress_proxy_that_is_no_http_proxy_stops_the_start(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEID_WEBHOOK_PROXY", url)
    with pytest.raises(SettingsError, match="FACEID_WEBHOOK_PROXY"):
        load_settings()


def test_every_default_of_the_example_is_the_default(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commented-out line shows the default."""
    text = (ROOT / "deploy" / "faceid.example.toml").read_text().split("[apps.demo]")[0]
    shown = tomllib.loads("\n".join(re.findall(r"^# ([a-z_]+ = .*)$", text, flags=re.MULTILINE)))
    examples = {
        "keys_url",
        "pictures_url",
        "spool_dir",
        "policy_dir",
        "ingress_metrics_port",
        "webhook_proxy",
    }
    examples |= {"audit_anchor_file", "audit_tsa_url"}
    examples |= {"console_url", "oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_groups"}
    examples |= {"oidc_proxy", "oidc_ca"}
    fields = Settings.model_fields
    assert {name: value for name, value in shown.items() if name not in examples} == {
        name: fields[name].default for name in shown if name not in examples
    }


def test_the_ingress_alone_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACEID_DATABASE_URL")
    assert load_settings(IngressSettings).database_url == ""
    with pytest.raises(SettingsError, match="FACEID_DATABASE_URL"):
        load_settings()
