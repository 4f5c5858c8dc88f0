"""A setting whose library is not installed ends the start in one line, and fails in `doctor`."""

import subprocess
import sys
from typing import Final

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.settings.settings import load_settings
from cli.doctor.audit import check_audit
from cli.doctor.keys import check_keys
from cli.doctor.pictures import check_pictures

KEYS: Final = ("FACEID_KEYS_URL", "aws-kms://eu-central-1?registry=file%3A%2F%2F%2Fmnt%2Fkeys", "aws")
PICTURES: Final = ("FACEID_PICTURES_URL", "s3://pictures", "aws")
STAMPS: Final = ("FACEID_AUDIT_TSA_URL", "https://tsa.example", "timestamps")

WITHOUT: Final = """
import sys
sys.modules |= {"botocore": None, "rfc3161_client": None}
from cli.main import main
sys.argv = ["faceid-gateway", *sys.argv[1:]]
main()
"""
ROLES: Final = [
    ("worker", KEYS),
    ("worker", PICTURES),
    ("worker", STAMPS),
    ("serve api", KEYS),
    ("serve api", PICTURES),
    ("serve console", KEYS),
    ("serve console", PICTURES),
]

Setting = tuple[str, str, str]


def remedy(extra: str) -> str:
    """The end of the line: how the extra is installed."""
    return f"install faceid-gateway[{extra}], in its source by `uv sync --inexact --extra {extra}`"


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(("role", "setting"), ROLES)
def test_no_role_starts_that_needs_it(role: str, setting: Setting, environment: pytest.MonkeyPatch) -> None:
    name, value, extra = setting
    environment.setenv(name, value)
    argv = [sys.executable, "-c", WITHOUT, *role.split()]

    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)

    said = done.stderr.splitlines()[-1]
    assert (done.returncode, said.startswith(f"faceid-gateway: {name}: ")) == (1, True), done.stderr
    assert said.endswith(remedy(extra))


@pytest.mark.parametrize("setting", [KEYS, PICTURES, STAMPS])
async def test_doctor_names_it(
    setting: Setting, environment: pytest.MonkeyPatch, engine: AsyncEngine
) -> None:
    name, value, extra = setting
    environment.setenv(name, value)
    for library in ("botocore", "botocore.config", "rfc3161_client"):
        environment.setitem(sys.modules, library, None)
    settings = load_settings()

    checks = [
        check
        for checked in (check_keys(settings), check_pictures(settings), check_audit(settings))
        async for check in checked
    ]

    [failed] = [check.detail for check in checks if check.ok is False]
    assert failed.startswith(f"{name}:")
    assert failed.endswith(remedy(extra))
