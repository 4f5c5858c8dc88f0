"""Structured logs: one JSON object per line, stable event names, ids as fields, no personal data."""

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import structlog

_FIELDS: Final = frozenset(
    {"event", "level", "logger", "timestamp", "exception", "detail", "error", "reason", "code", "ms", "count"}
    | {"app_id", "biz_id", "verification_id", "batch_id", "job_id", "kind", "n", "state", "outcome"}
    | {
        "actor",
        "attempts",
        "bytes",
        "callbacks",
        "check",
        "delivery_id",
        "endpoint_id",
        "http_status",
        "person_id",
        "pid",
        "port",
        "role",
        "seconds",
        "segments",
        "setting",
        "signal",
    }
)
_FRAMES: Final = 8
_LIBRARIES: Final = (
    "httpx2",
    "httpcore2",
    "aiohttp",
    "arq",
    "uvicorn",
    "alembic",
    "python_multipart",
    "asyncio",
)

_PLAIN_SPOKEN: Final = ("aiohttp", "alembic", "arq", "httpcore2", "httpx2", "uvicorn")
"""Libraries whose message templates contain no values; asyncio, for example, puts exceptions into them."""


def configure_logs(level: str) -> None:
    """Log to stdout from `level` on.

    Fields outside the allow-list are dropped, so that a careless field leaks nothing. Libraries log from
    WARNING on: HTTP clients log URLs, which contain the api_secret, and arq logs arguments.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _describe_exception,
            _drop_unlisted_fields,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_LibraryLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns about every malformed body, which anyone can send; the ingress logs the refusal.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)


@contextmanager
def silent_logs() -> Iterator[None]:
    """Log nothing during the block, for commands that print their findings."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


class _LibraryLines(logging.Formatter):
    """Formats libraries' messages: the template without its arguments, which contain values."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        line = {"event": "library.message", "level": record.levelname.lower(), "logger": record.name}
        line["timestamp"] = at
        if record.name.split(".", 1)[0] in _PLAIN_SPOKEN:
            line["detail"] = str(record.msg)
        if record.exc_info and record.exc_info[1]:
            line["exception"] = " < ".join(_frames(record.exc_info[1]))
        return json.dumps(line)


def _describe_exception(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Where an exception was raised, without its message, since libraries' messages contain values."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exception()
    if isinstance(error, BaseException):
        event["exception"] = _frames(error)
    return event


def _frames(error: BaseException) -> list[str]:
    """The error's type and the innermost frames."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [type(error).__name__, *(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)]


def _drop_unlisted_fields(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {name: value for name, value in event.items() if name in _FIELDS}
