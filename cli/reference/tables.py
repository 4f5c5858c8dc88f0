"""The tables of docs/reference, from the code: settings, problems, log events, metrics, api requests."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from prometheus_client import Metric
from pydantic.fields import FieldInfo

from adapters.configuration.meanings.of_alerts import ALERT_MEANINGS
from adapters.configuration.meanings.of_apps import APP_MEANINGS
from adapters.configuration.meanings.of_gateway import MEANINGS
from adapters.configuration.sources import PREFIX
from adapters.logs.catalogue import LOG_EVENTS
from adapters.outbound.alerts.settings import AlertSettings
from adapters.settings.apps import AppSettings
from adapters.settings.settings import Settings
from domain.audit.action import MEANINGS as ACTION_MEANINGS
from domain.people.roles import SCOPES_OF
from domain.views.operations.backlog import Backlog
from domain.views.operations.figures import StoreFigures
from domain.views.operations.servers import RedisMemory, RedisRoom
from domain.views.tokens import PERSON_SCOPE_MEANINGS, SCOPE_MEANINGS
from service.api.main import ROUTERS
from service.api.metrics.families import Readings, describe
from service.problems.guide import GUIDE
from service.problems.problems import PROBLEMS

_CHINESE: Final = {
    "Settings of the gateway": "网关的配置",
    "Settings of an app": "应用的配置",
    "Settings of a sink of alerts": "告警通道的配置",
    "the operators' types": "运维类事件",
    "environment": "环境变量",
    "in the file": "文件里的名称",
    "setting": "配置项",
    "default": "默认值",
    "meaning": "含义",
    "required": "必填",
    "none": "无",
    "the shipped folder": "随附目录",
    "the policy's": "按策略",
}
_DEFAULTS_IN_WORDS: Final = {
    "policy_dir": "the shipped folder",
    "confirmation": "the policy's",
    "types": "the operators' types",
}
_PLACES: Final = {"ingress": "Public ingress", "api": "Internal api", "both": "Both"}
_OF_EVERY_REQUEST: Final = ("unauthenticated", "missing_scope", "too_many_requests", "invalid_request")
_NOTHING: Final = timedelta(0)

_Word = Callable[[str], str]


def settings_tables() -> Iterator[str]:
    """Every setting, and every setting of an app."""
    yield from _settings(lambda english: english, language=0)


def chinese_settings_tables() -> Iterator[str]:
    """The same in Chinese."""
    yield from _settings(_CHINESE.__getitem__, language=1)


def problem_tables() -> Iterator[str]:
    """Every problem code, by the listener that answers it."""
    heads = ("code", "status", "meaning", "what the caller does")
    for place, title in _PLACES.items():
        guides = {code: guide for code, guide in GUIDE.items() if guide.where == place}
        rows = [
            (f"`{code}`", str(PROBLEMS[code].status), guide.meaning, guide.advice)
            for code, guide in guides.items()
        ]
        yield from _chapter(title, heads, rows)


def log_event_table() -> Iterator[str]:
    """Every log event."""
    rows = ((f"`{name}`", *event) for name, event in LOG_EVENTS.items())
    yield from _table(("event", "level", "role", "meaning"), rows)


def metric_table() -> Iterator[str]:
    """Every metric of the api's page; each ingress can serve some of them itself."""
    rows = ((f"`{_sample(each)}`", ", ".join(_labels(each)), each.documentation) for each in _families())
    yield from _table(("metric", "labels", "meaning"), rows)


def api_tables() -> Iterator[str]:
    """Every scope, and every request of the api with the scope that it needs and how it may be refused."""
    scopes = ((f"`{scope}`", meaning) for scope, meaning in SCOPE_MEANINGS.items())
    persons = ((f"`{scope}`", meaning) for scope, meaning in PERSON_SCOPE_MEANINGS.items())
    roles = ((f"`{role}`", ", ".join(f"`{scope}`" for scope in sorted(of))) for role, of in SCOPES_OF.items())
    yield from _chapter("Scopes", ("scope", "allows"), scopes)
    yield from _chapter("Scopes of persons alone", ("scope", "allows"), persons)
    yield from _chapter("Roles of persons", ("role", "scopes"), roles)
    yield from _chapter("Requests", ("request", "scope", "does", "may answer"), _requests())


def audit_table() -> Iterator[str]:
    """Every action of the audit."""
    rows = ((f"`{action}`", *each) for action, each in ACTION_MEANINGS.items())
    yield from _table(("action", "meaning", "subject"), rows)


def _settings(word: _Word, *, language: int) -> Iterator[str]:
    gateway = (
        (f"`{PREFIX}{name.upper()}`", f"`{name}`", _default(name, Settings, word), words[language])
        for name, words in MEANINGS.items()
    )
    app = (
        (f"`{name}`", _default(name, AppSettings, word), words[language])
        for name, words in APP_MEANINGS.items()
    )
    alert = (
        (f"`{name}`", _default(name, AlertSettings, word), words[language])
        for name, words in ALERT_MEANINGS.items()
    )
    heads = [word(each) for each in ("environment", "in the file", "default", "meaning")]
    short = [word("setting"), *heads[2:]]
    yield from _chapter(word("Settings of the gateway"), heads, gateway)
    yield from _chapter(word("Settings of an app"), short, app)
    yield from _chapter(word("Settings of a sink of alerts"), short, alert)


def _default(name: str, kind: type[Settings | AppSettings | AlertSettings], word: _Word) -> str:
    field: FieldInfo | None = kind.model_fields.get(name)
    if name in _DEFAULTS_IN_WORDS:
        return word(_DEFAULTS_IN_WORDS[name])
    if field is None or field.default is None or (not field.is_required() and field.default in ([], {})):
        return word("none")
    return word("required") if field.is_required() else f"`{_plain(field.default)}`"


def _plain(value: Any) -> str:
    """A value in TOML; whole seconds without `.0`."""
    if isinstance(value, list):
        return f"[{', '.join(map(_plain, value))}]"
    return (
        f"{value:g}"
        if isinstance(value, float)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )


def _families() -> Iterator[Metric]:
    backlog = Backlog(
        batches=0,
        unreadable=0,
        oldest=_NOTHING,
        untouched=_NOTHING,
        most_starts=0,
        jobs=0,
        oldest_job=_NOTHING,
    )
    room = RedisRoom(RedisMemory(0, 0), stop_at=0, refusal=None)
    return describe(
        Readings((), backlog, room, alive=(), store=StoreFigures(open=[], letters=[]), overdue=[])
    )


def _sample(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def _labels(family: Metric) -> tuple[str, ...]:
    return tuple(getattr(family, "_labelnames", ()))


def _requests() -> Iterator[tuple[str, ...]]:
    routes = [route for router in ROUTERS for route in router.routes]
    for path, operations in get_openapi(title="", version="", routes=routes)["paths"].items():
        for method, operation in operations.items():
            yield (
                f"`{method.upper()} {path}`",
                ", ".join(f"`{scope}`" for scope in _scopes(operation)),
                operation["description"].replace("\n\n", " ").replace("\n", " "),
                ", ".join(f"`{code}`" for code in _codes(operation) if code not in _OF_EVERY_REQUEST),
            )


def _scopes(operation: Mapping[str, Any]) -> list[str]:
    return [
        scope for scheme in operation.get("security", ()) for scopes in scheme.values() for scope in scopes
    ]


def _codes(operation: Mapping[str, Any]) -> list[str]:
    contents = (answer.get("content", {}).values() for answer in operation["responses"].values())
    return [code for content in contents for each in content for code in each.get("examples", {})]


def _chapter(title: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    yield from (f"## {title}", "")
    yield from _table(heads, rows)
    yield ""


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    heads = list(heads)
    for row in (heads, ["---"] * len(heads), *rows):
        cells = " | ".join(cell.replace("|", r"\|") for cell in row)
        yield f"| {cells} |"
