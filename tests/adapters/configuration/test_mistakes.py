"""A wrong setting is one line that names it and its place, and never its value."""

import json
from pathlib import Path

import pytest

from adapters.settings.settings import load_settings, strange_names
from domain.errors import SettingsError
from tests.support.right_settings import CANARY, KEY, apps, set_right, write_toml


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder and a whole and right environment."""
    set_right(monkeypatch, tmp_path)
    return tmp_path


WRONG: list[tuple[str, str | None, str]] = [
    ("FACEID_REDIS_URL", None, "FACEID_REDIS_URL: not set"),
    ("FACEID_DATABASE_URL", None, "FACEID_DATABASE_URL: not set"),
    ("FACEID_MASTER_KEYS", None, "FACEID_MASTER_KEYS: not set"),
    ("FACEID_MASTER_KEYS", "", "FACEID_MASTER_KEYS: must not be empty"),
    ("FACEID_MASTER_KEYS", CANARY, "FACEID_MASTER_KEYS: item 1: a master key is 32 bytes in base64"),
    (
        "FACEID_MASTER_KEYS",
        f"{KEY},{KEY[:-8]}",
        "FACEID_MASTER_KEYS: item 2: a master key is 32 bytes in base64",
    ),
    (
        "FACEID_MASTER_KEYS",
        "env:NOWHERE",
        "FACEID_MASTER_KEYS: item 1: the environment variable NOWHERE is not set",
    ),
    ("FACEID_APPS", None, "apps: not set"),
    ("FACEID_APPS", "{}", "apps: "),
    ("FACEID_APPS", f"[{CANARY}", "FACEID_APPS: is not JSON (expecting value at line 1, column 2)"),
    ("FACEID_APPS", f'{{"{CANARY}": 1, "{CANARY}": 2}}', "FACEID_APPS: a name occurs twice in one object"),
    ("FACEID_APPS", f'["{CANARY}"]', "apps: Input should be a valid dictionary"),
    ("FACEID_APPS", '{"demo": 7}', "apps.demo: "),
    (
        "FACEID_APPS",
        json.dumps({"Demo!": {"api_key": "k", "api_secrets": [CANARY]}}),
        "apps: the id of app 1 has not the shape",
    ),
    ("FACEID_APPS", json.dumps({CANARY.upper(): {"api_key": "k"}}), "apps.?.api_secrets: not set"),
    ("FACEID_APPS", apps(api_key=None), "apps.demo.api_key: not set"),
    ("FACEID_APPS", apps(api_secrets=None), "apps.demo.api_secrets: not set"),
    ("FACEID_APPS", apps(api_secrets=[]), "apps.demo.api_secrets: "),
    ("FACEID_APPS", apps(api_secrets=[""]), "apps.demo.api_secrets.0: must not be empty"),
    ("FACEID_APPS", apps(api_secrets=["a", "env:NOWHERE"]), "apps.demo.api_secrets.1: the environment var"),
    ("FACEID_APPS", apps(api_secrets=[{"is": CANARY}]), "apps.demo.api_secrets.0: "),
    ("FACEID_APPS", apps(hash=CANARY), "apps.demo.hash: "),
    ("FACEID_APPS", apps(landing_url=f"javascript:{CANARY}"), "apps.demo.landing_url: "),
    ("FACEID_APPS", apps(vendor_url="ftp://x"), "apps.demo.vendor_url: "),
    ("FACEID_APPS", apps(confirmation=CANARY), "apps.demo.confirmation: "),
    ("FACEID_APPS", apps(return_image=7), "apps.demo.return_image: "),
    ("FACEID_APPS", apps(pull_retry_delays=[-1]), "apps.demo.pull_retry_delays.0: "),
    ("FACEID_APPS", apps(api_secert=CANARY), "apps.demo.api_secert: is unknown, did you mean api_secrets?"),
    ("FACEID_APPS", apps(**{CANARY: 1}), "apps.demo: key 3 of 3 is unknown (FACEID_APPS in the environment)"),
    ("FACEID_APPS", apps(api_secrets=["a", "secret\n"]), "apps.demo.api_secrets.1: ends in a line feed"),
    ("FACEID_APPS", apps(api_secrets=[" secret"]), "apps.demo.api_secrets.0: begins with a space (U+0020)"),
    ("FACEID_APPS", apps(api_secrets=["'secret'"]), "apps.demo.api_secrets.0: begins with a quotation mark"),
    ("FACEID_APPS", apps(api_secrets=["secret\u200b"]), "ends in zero width space (U+200B)"),
    ("FACEID_APPS", apps(api_secrets=["sec\u00adret"]), "holds soft hyphen (U+00AD)"),
    ("FACEID_APPS", apps(api_secrets=[f"env:{CANARY}"]), "the environment variable behind env: is not set"),
    ("FACEID_APPS", apps(api_key="\ufeffkey"), "apps.demo.api_key: begins with zero width no-break space"),
    ("FACEID_APPS", apps(policy="strict\t"), "apps.demo.policy: ends in a tab (U+0009)"),
    ("FACEID_APPS", apps(notify_url="https://x.example/n "), "apps.demo.notify_url: ends in a space"),
    ("FACEID_APPS", apps(notify_url="https://x.example:port/n"), "apps.demo.notify_url: must be a URL"),
    ("FACEID_APPS", apps(vendor_url=f"https://u:{CANARY}@x.example"), "must hold no user and no password"),
    (
        "FACEID_APPS",
        apps(vendor_url="https://x.example/faceid/lite"),
        "apps.demo: vendor_url ends in vendor_path",
    ),
    ("FACEID_APPS", apps(pull_retry_delays=[1e12]), "apps.demo.pull_retry_delays: must be at most"),
    ("FACEID_REDIS_URL", f"redis://:{CANARY}/x@h/0", "FACEID_REDIS_URL: has an @ or # behind the host"),
    ("FACEID_REDIS_URL", "", "FACEID_REDIS_URL: must not be empty (in the environment)"),
    ("FACEID_DATABASE_URL", f"postgresql://u:{CANARY}@h/x?foo=1", "FACEID_DATABASE_URL: foo is not known"),
    ("FACEID_MASTER_KEYS", f"{KEY}\n", "FACEID_MASTER_KEYS: ends in a line feed (U+000A)"),
    ("FACEID_MASTER_KEYS", f"{KEY},", "FACEID_MASTER_KEYS: item 2: must not be empty"),
    ("FACEID_SPOOL_DIR", "", "FACEID_SPOOL_DIR: must not be empty"),
    ("FACEID_POLICY_DIR", "", "FACEID_POLICY_DIR: must not be empty"),
    ("FACEID_PULL_TIMEOUT", "nan", "FACEID_PULL_TIMEOUT: "),
    ("FACEID_PULL_SPACING", "inf", "FACEID_PULL_SPACING: "),
    ("FACEID_SWEEP_AFTER", "0.9", "FACEID_SWEEP_AFTER: Input should be greater than or equal to 1"),
    ("FACEID_SWEEP_AFTER", "1e12", "FACEID_SWEEP_AFTER: must be at most"),
    ("FACEID_HEARTBEAT_EVERY", "1e6", "FACEID_HEARTBEAT_EVERY: "),
    ("FACEID_SPOOLDIR", CANARY, "FACEID_SPOOLDIR: is unknown, did you mean FACEID_SPOOL_DIR?"),
    ("FACEID_CONFG", CANARY, "FACEID_CONFG: is unknown, did you mean FACEID_CONFIG?"),
    ("FACEID_REDIS_ULR", CANARY, "FACEID_REDIS_ULR: is unknown, did you mean FACEID_REDIS_URL?"),
    ("faceid_pull_timout", CANARY, "FACEID_PULL_TIMOUT: is unknown, did you mean FACEID_PULL_TIMEOUT?"),
    ("FACEID_DURABILITY", CANARY, "FACEID_DURABILITY: "),
    ("FACEID_MAX_BODY_BYTES", CANARY, "FACEID_MAX_BODY_BYTES: "),
    ("FACEID_MAX_BODY_BYTES", "0", "FACEID_MAX_BODY_BYTES: "),
    ("FACEID_PULLS_IN_FLIGHT", "1.5", "FACEID_PULLS_IN_FLIGHT: "),
    ("FACEID_SWEEP_EVERY", "31", "FACEID_SWEEP_EVERY: "),
    ("FACEID_LOG_LEVEL", CANARY, "FACEID_LOG_LEVEL: "),
    ("FACEID_CONFIG", "gateway.toml\n", "FACEID_CONFIG: ends in a line feed"),
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
    shown = str(caught.value)
    assert message in shown
    assert "\n" not in shown
    assert CANARY not in shown
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"x = {CANARY}", "is not TOML (invalid value at line 1, column 5)"),
        (f'[apps.demo\napi_key = "{CANARY}"', "is not TOML (at line 1, column 11)"),
        (f'[apps.demo]\napi_key = "{CANARY}"\n[apps.demo]', "is not TOML (at line 3, column 11)"),
        (f'apps = "{CANARY}"', "apps: Input should be a valid dictionary (in {file})"),
        (f"[apps.demo]\nhash = '{CANARY}'", "apps.demo.hash: Input should be 'sha1' or 'sha256' (in {file})"),
        (f'spool_dri = "{CANARY}"', "{file}: spool_dri is unknown, did you mean spool_dir?"),
        (f'FACEID_SPOOL_DIR = "{CANARY}"', "{file}: FACEID_SPOOL_DIR is unknown, did you mean spool_dir?"),
        (f'[app.shop]\napi_key = "{CANARY}"', "{file}: app is unknown, did you mean apps?"),
        (f'body_timeout = 1\n"{CANARY}" = 1', "{file}: key 2 of 2 is unknown"),
        (f'redis_url = "http://{CANARY}"', "FACEID_REDIS_URL: must begin with redis://"),
        (f'[apps.demo]\n"{CANARY}" = 1', "apps.demo: key 1 of 1 is unknown (in {file})"),
    ],
)
def test_a_mistake_in_the_file_is_reported_with_its_place_but_not_its_content(
    folder: Path, monkeypatch: pytest.MonkeyPatch, content: str, message: str
) -> None:
    monkeypatch.delenv("FACEID_APPS")
    monkeypatch.delenv("FACEID_REDIS_URL")
    write_toml(folder, monkeypatch, content)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    shown = str(caught.value)
    assert message.replace("{file}", str(folder / "gateway.toml")) in shown
    assert CANARY not in shown


@pytest.mark.parametrize("edge", ["\n", " ", "\ufeff", "\u200b", "'", "\r\n", "\u00a0"])
@pytest.mark.parametrize("name", ["api_secrets", "api_key"])
def test_a_variable_that_is_referred_to_is_looked_at_too(
    monkeypatch: pytest.MonkeyPatch, name: str, edge: str
) -> None:
    monkeypatch.setenv("SHOP_SECRET", f"{CANARY}{edge}")
    reference = ["env:SHOP_SECRET"] if name == "api_secrets" else "env:SHOP_SECRET"
    monkeypatch.setenv("FACEID_APPS", apps(**{name: reference}))
    with pytest.raises(
        SettingsError, match=rf"^apps\.demo\.{name}.*: the environment variable SHOP_SECRET ends in "
    ) as caught:
        load_settings()
    assert CANARY not in str(caught.value)


def test_all_mistakes_are_reported_together_one_per_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACEID_REDIS_URL")
    monkeypatch.setenv("FACEID_LOG_LEVEL", CANARY)
    monkeypatch.setenv("FACEID_SPOOLDIR", CANARY)
    monkeypatch.setenv("FACEID_APPS", apps(api_key=None, hash=CANARY))
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert [line.split(":")[0] for line in str(caught.value).split("\n")] == [
        "FACEID_SPOOLDIR",
        "FACEID_REDIS_URL",
        "apps.demo.api_key",
        "apps.demo.hash",
        "FACEID_LOG_LEVEL",
    ]


def test_the_place_of_a_mistake_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACEID_MASTER_KEYS")
    write_toml(
        folder, monkeypatch, f'master_keys = ["{CANARY}"]\n[apps.shop]\napi_key = "k"\napi_secrets = []'
    )
    (folder / ".env").write_text(
        'FACEID_APPS={"third": {"api_key": "k", "api_secrets": [""]}}\nFACEID_SPOOLDIR=x\n'
    )
    with pytest.raises(SettingsError) as caught:
        load_settings()
    file = folder / "gateway.toml"
    assert sorted(line.rsplit(" (", 1)[1] for line in str(caught.value).split("\n")) == sorted(
        [f"master_keys in {file})", f"in {file})", "FACEID_APPS in .env)", "in .env)"]
    )


def test_names_of_others_do_not_stop_the_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_SHOP_SECRET", "from a variable")
    monkeypatch.setenv("FACEID_APPS", apps(api_secrets=["env:FACEID_SHOP_SECRET"]))
    links = (
        "FACEID_PORT",
        "FACEID_INGRESS_SERVICE_HOST",
        "FACEID_API_PORT_8080_TCP_ADDR",
        "FACEID_SERVICE_PORT_HTTP",
    )
    elsewhere = ("FACEID_SIMULATOR_PORT", "FACEID_DEV_DATA_DIR", "FACEID_CRASH_AT", "FACEID_FAULTS_OUTAGE")
    for name in (*links, *elsewhere):
        monkeypatch.setenv(name, "x")
    assert load_settings()
    assert strange_names() == []


def test_unknown_names_are_reported_and_do_not_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_COLOUR", "blue")
    assert load_settings()
    assert strange_names() == ["FACEID_COLOUR"]


@pytest.mark.parametrize(
    "everybody",
    [
        "*",
        "proxy.example",
        "10.0.0.0/33",
        "",
        "0.0.0.0/0",
        "::/0",
        "0.0.0.0/1",
        "8.0.0.0/7",
        "2000::/3",
        "::ffff:0:0/96",
    ],
)
def test_a_network_of_all_addresses_cannot_be_trusted(
    everybody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEID_TRUSTED_PROXIES", everybody)
    with pytest.raises(SettingsError, match=r"^FACEID_TRUSTED_PROXIES: "):
        load_settings()


@pytest.mark.parametrize(
    "proxies", ["10.0.0.0/8", "fc00::/7", "104.16.0.0/13", "2400:cb00::/32", "::ffff:10.0.0.0/104"]
)
def test_whole_ranges_of_proxies_can_be_trusted(proxies: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_TRUSTED_PROXIES", proxies)
    assert len(load_settings().trusted_proxies) == 1


def test_a_dotenv_that_is_no_text_is_one_line(folder: Path) -> None:
    (folder / ".env").write_bytes(b"FACEID_LOG_LEVEL=caf\xe9\n")
    with pytest.raises(SettingsError, match=r"^\.env: is not UTF-8$"):
        load_settings()
