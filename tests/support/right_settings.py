"""A whole and right environment, to be made wrong."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

CANARY = "canary-5d41402a"
KEY = base64.b64encode(b"k" * 32).decode()
OTHER_KEY = base64.b64encode(b"o" * 32).decode()


def set_right(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """All that a role needs, in an empty working folder."""
    for name in [name for name in os.environ if name.startswith("FACEID_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FACEID_REDIS_URL", "redis://localhost/0")
    monkeypatch.setenv("FACEID_DATABASE_URL", "postgresql://localhost/faceid")
    monkeypatch.setenv("FACEID_MASTER_KEYS", KEY)
    monkeypatch.setenv("FACEID_APPS", apps())


def apps(**changes: Any) -> str:
    """FACEID_APPS with one app `demo`; None leaves a key out."""
    app = {"api_key": "key", "api_secrets": ["secret"]} | changes
    return json.dumps({"demo": {name: value for name, value in app.items() if value is not None}})


def write_toml(folder: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    """A file that FACEID_CONFIG names."""
    (folder / "gateway.toml").write_text(content)
    monkeypatch.setenv("FACEID_CONFIG", str(folder / "gateway.toml"))
