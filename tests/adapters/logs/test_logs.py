"""Logs are one JSON object per line with only the listed fields; no line quotes a value."""

import asyncio
import io
import json
import logging
import sys
from typing import Any

import pytest
import structlog

from adapters.logs.logs import configure_logs

CANARY = "canary-欧阳金丝雀"


@pytest.fixture
def out(restored_logs: None, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """The stdout of a role that logs from INFO on."""
    stdout = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stdout)
    configure_logs("info")
    return stdout


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    text = out.getvalue()
    assert text.isascii()
    return [json.loads(line) for line in text.splitlines()]


def test_an_event_is_one_json_object_with_time_and_level(out: io.StringIO) -> None:
    structlog.get_logger("x").info("batch.recorded", batch_id="b1", count=2)
    [line] = lines(out)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "batch.recorded", "level": "info", "batch_id": "b1", "count": 2}


def test_fields_that_are_not_listed_are_dropped(out: io.StringIO) -> None:
    structlog.get_logger("x").warning("oops", name=CANARY, data=CANARY, url=CANARY, app_id="demo")
    [line] = lines(out)
    assert set(line) == {"event", "level", "timestamp", "app_id"}


def test_bound_fields_that_are_not_listed_are_dropped(out: io.StringIO) -> None:
    structlog.get_logger("x").bind(idcard_name=CANARY, biz_id="b").warning("oops")
    [line] = lines(out)
    assert set(line) == {"event", "level", "timestamp", "biz_id"}


def test_line_ends_in_a_value_stay_inside_the_line(out: io.StringIO) -> None:
    structlog.get_logger("x").warning("oops", detail='a\n{"event": "forged"}\x1b[2J\u2028')
    [line] = lines(out)
    assert line["event"] == "oops"


def test_events_below_the_level_are_not_logged(out: io.StringIO) -> None:
    structlog.get_logger("x").debug("noise")
    assert lines(out) == []


def fail() -> None:
    raise ValueError(CANARY)


def test_an_exception_is_its_type_and_places_without_its_message(out: io.StringIO) -> None:
    try:
        fail()
    except ValueError:
        structlog.get_logger("x").exception("oops")
    [line] = lines(out)
    assert CANARY not in json.dumps(line, ensure_ascii=False)
    assert line["exception"][0] == "ValueError"
    assert line["exception"][-1].endswith(" fail")
    assert "test_logs.py" in line["exception"][-1]


def test_an_exception_that_is_handed_over_is_described_too(out: io.StringIO) -> None:
    try:
        fail()
    except ValueError as error:
        caught = error
    structlog.get_logger("x").error("oops", exc_info=caught)
    [line] = lines(out)
    assert line["exception"][0] == "ValueError"
    assert CANARY not in json.dumps(line, ensure_ascii=False)


@pytest.mark.parametrize("name", ["httpx2", "arq.worker", "aiohttp.client", "uvicorn.error", "somebody.else"])
@pytest.mark.parametrize("arguments", [(CANARY,), ({"key": CANARY},)], ids=["positional", "by name"])
def test_a_librarys_message_comes_without_its_arguments(
    out: io.StringIO, name: str, arguments: tuple[Any, ...]
) -> None:
    template = "job %s failed" if arguments == (CANARY,) else "job %(key)s failed"
    logging.getLogger(name).warning(template, *arguments)
    [line] = lines(out)
    assert CANARY not in json.dumps(line, ensure_ascii=False)
    assert (line["event"], line["logger"], line["level"]) == ("library.message", name, "warning")
    assert line.get("detail") == (None if name == "somebody.else" else template)


def test_an_unknown_librarys_message_is_not_quoted_at_all(out: io.StringIO) -> None:
    logging.getLogger("somebody.else").error(f"cannot read {CANARY}")  # noqa: G004 - as libraries do
    [line] = lines(out)
    assert CANARY not in json.dumps(line, ensure_ascii=False)


@pytest.mark.parametrize("name", ["httpx2", "httpcore2.http11", "aiohttp.access", "arq.worker", "alembic"])
def test_libraries_are_silent_below_warning(out: io.StringIO, name: str) -> None:
    configure_logs("debug")
    logging.getLogger(name).info("GET %s", f"https://vendor/?api_secret={CANARY}")
    assert lines(out) == []


def test_a_librarys_exception_comes_without_its_message(out: io.StringIO) -> None:
    try:
        fail()
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    [line] = lines(out)
    assert line["exception"].startswith("ValueError < ")
    assert CANARY not in json.dumps(line, ensure_ascii=False)


async def test_an_exception_that_nobody_fetched_is_logged_without_its_message(
    out: io.StringIO,
) -> None:
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    future.set_exception(ValueError(CANARY))
    context = {
        "message": "Task exception was never retrieved",
        "exception": future.exception(),
        "future": future,
    }
    loop.call_exception_handler(context)
    [line] = lines(out)
    assert "ValueError" in line["exception"]
    assert CANARY not in json.dumps(line, ensure_ascii=False)
