"""The report as Markdown."""

from collections.abc import Iterable, Iterator, Sequence

from domain.views.operations.compliance import ComplianceReport


def as_markdown(report: ComplianceReport) -> str:
    """The report as a page with tables."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: ComplianceReport) -> Iterator[str]:
    yield f"# What faceid-gateway {report.version} stores ({report.at:%Y-%m-%d %H:%M} UTC)"
    yield ""
    yield "From the running configuration. It describes, and makes no legal claim."
    yield from _chapter("Questions", ("question", "answer"), ((a.question, a.answer) for a in report.answers))
    yield from _chapter(
        "Data",
        ("what", "where", "class", "sealed", "kept", "seen with the scopes"),
        (
            (s.what, _list(s.places), s.data_class, s.sealed, s.kept, _list(s.seen_by) or "nobody")
            for s in report.stored
        ),
    )
    yield from _chapter(
        "Retention in days",
        ("app", "raw_days", "identity_days", "images_days", "decision_days"),
        (
            (each.app_id, each.raw_days, each.identity_days, each.images_days, each.decision_days)
            for each in report.retention
        ),
    )
    keys = report.protection
    yield from _chapter(
        "Keys and anchors",
        ("what", "value"),
        (
            ("master keys", keys.master_keys),
            ("key store", keys.key_store or "none"),
            ("days of an epoch", f"{keys.epoch_days:g}"),
            ("anchors of the audit", _list(keys.anchors) or "none"),
        ),
    )
    yield from _access(report)


def _access(report: ComplianceReport) -> Iterator[str]:
    yield from _chapter(
        "Roles", ("role", "scopes"), ((role, _list(scopes)) for role, scopes in report.roles.items())
    )
    if report.access is None:
        return
    yield from _chapter(
        "Persons",
        ("role", "app", "persons"),
        ((each.role, each.app_id or "every app", each.persons) for each in report.access.roles),
    )
    yield from _chapter(
        "Tokens of programs",
        ("apps", "scopes", "tokens"),
        (
            ("every app" if each.apps is None else _list(each.apps), _list(each.scopes), each.tokens)
            for each in report.access.tokens
        ),
    )
    yield ""
    yield f"Personal tokens: {report.access.personal_tokens}."


def _list(items: Iterable[str]) -> str:
    return ", ".join(items)


def _chapter(title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield from ("", f"## {title}", "", _row(heads), _row(["---"] * len(heads)))
    yield from map(_row, rows)


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
