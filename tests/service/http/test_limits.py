"""The limits that a listener has by default."""

from pathlib import Path

import pytest

from adapters.settings.settings import Settings, load_settings
from service.api.main import _limits
from service.http.connections import Connections, Phase
from service.http.serving import limits_of
from tests.support.right_settings import set_right


def test_a_silent_connection_has_ten_seconds_at_the_ingress_and_thirty_at_the_api(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    set_right(monkeypatch, tmp_path)
    settings = load_settings(Settings)
    ingress, api = Connections(limits_of(settings, body_bytes=1)), Connections(_limits(settings))
    assert ingress.seconds_of(Phase.OPENED) == 10
    assert api.seconds_of(Phase.OPENED) == 30
    assert api.seconds_of(Phase.RECEIVING) == 60, "a large order"
