"""The sinks of alerts are tables by name; a wrong one stops the start without its URL or secret."""

import json
from pathlib import Path

import pytest

from adapters.settings.settings import load_settings
from domain.errors import SettingsError
from domain.events.alerts.sink import OPERATORS_TYPES, AlertSink, Language, SinkKind
from domain.events.event import EventType
from tests.support.right_settings import CANARY, set_right, write_toml

URL = f"https://oapi.dingtalk.com/robot/send?access_token={CANARY}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    set_right(monkeypatch, tmp_path)
    return tmp_path


def test_without_a_table_there_is_no_sink() -> None:
    assert load_settings().alert_sinks() == []


def test_a_table_names_kind_url_secret_and_types(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = """
        [alerts.ops]
        kind = "dingtalk"
        url = "env:OPS_URL"
        secret = "SEC1"
        [alerts.dev]
        kind = "wecom"
        url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k"
        types = ["dead_letter.created"]
        language = "en"
    """
    write_toml(folder, monkeypatch, toml)
    monkeypatch.setenv("OPS_URL", URL)
    assert load_settings().alert_sinks() == [
        AlertSink("ops", SinkKind.DINGTALK, URL, "SEC1", OPERATORS_TYPES, Language.CHINESE),
        AlertSink(
            "dev",
            SinkKind.WECOM,
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k",
            None,
            frozenset({EventType.DEAD_LETTER_CREATED}),
            Language.ENGLISH,
        ),
    ]


def test_no_representation_shows_the_url_or_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_ALERTS", json.dumps({"ops": {"kind": "feishu", "url": URL, "secret": CANARY}}))
    settings = load_settings()
    assert CANARY not in repr(settings.alerts) + repr(settings.alert_sinks())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": CANARY}, "alerts.ops.kind: "),
        ({"kind": None}, "alerts.ops.kind: not set"),
        ({"url": None}, "alerts.ops.url: not set"),
        ({"url": f"ftp://{CANARY}"}, "alerts.ops.url: must be a URL"),
        ({"url": f"https://u:{CANARY}@h/"}, "alerts.ops.url: must hold no user"),
        ({"url": "env:NOWHERE"}, "alerts.ops.url: the environment variable NOWHERE is not set"),
        ({"types": []}, "alerts.ops.types: "),
        ({"types": [CANARY]}, "alerts.ops.types.0: "),
        ({"kind": "wecom", "secret": CANARY}, "alerts.ops: wecom has no secret"),
        ({"kind": "webhook", "secret": CANARY}, "alerts.ops: a secret is whsec_"),
        ({"secrt": CANARY}, "alerts.ops.secrt: is unknown, did you mean secret?"),
        ({CANARY: 1}, "alerts.ops: key 3 of 3 is unknown (FACEID_ALERTS in the environment)"),
    ],
)
def test_a_wrong_sink_is_named_in_one_line_without_its_value(
    change: dict[str, object], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {"kind": "dingtalk", "url": URL} | change
    given = {name: value for name, value in table.items() if value is not None}
    monkeypatch.setenv("FACEID_ALERTS", json.dumps({"ops": given}))
    with pytest.raises(SettingsError) as caught:
        load_settings()
    shown = str(caught.value)
    assert message in shown
    assert "\n" not in shown
    assert CANARY not in shown


def test_the_name_of_a_sink_has_the_shape_of_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_ALERTS", json.dumps({"Ops!": {"kind": "dingtalk", "url": URL}}))
    with pytest.raises(SettingsError, match="alerts: the id of sink 1 has not the shape"):
        load_settings()


def test_a_broken_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_ALERTS", f"[{CANARY}")
    with pytest.raises(SettingsError, match="FACEID_ALERTS: is not JSON"):
        load_settings()
