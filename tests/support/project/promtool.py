"""Fire alert rules on pages of metrics, by Prometheus's own `promtool`.

`.ci/run` unpacks it from Debian's package; where there is none, the tests that need it are skipped.
"""

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families

ROOT: Final = Path(__file__).parents[3]
PROMTOOL: Final = shutil.which("promtool", path=f"{ROOT / '.tools'}:/usr/bin:/usr/local/bin")

CHANGE_AT: Final = 70
"""Minutes of the page before; long enough for a rule that looks back an hour."""

LASTS: Final = 100
"""Minutes of the page after, while its counters go on as fast as they changed from one page to the other."""


def objection(
    rules: Path, alert: str, *, before: str, after: str, minutes: int, firing: bool = True
) -> str | None:
    """None if an alert is silent before the change and fires (or not) `minutes` after it; else what promtool
    says. `before` and `after` are pages in Prometheus's text format."""
    alerts = f'count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)'
    checks = [_check(alerts, CHANGE_AT - 1, 0), _check(alerts, CHANGE_AT + minutes, int(firing))]
    return _run(rules, before=before, after=after, checks=checks)


def stays_silent(rules: Path, *, page: str) -> str | None:
    """None if no alert at all fires on a page that stays as it is; else what promtool says."""
    checks = [_check('count(ALERTS{alertstate="firing"}) or vector(0)', CHANGE_AT + LASTS - 1, 0)]
    return _run(rules, before=page, after=page, checks=checks)


def _check(expression: str, minute: int, value: int) -> dict[str, Any]:
    samples = [{"labels": "{}", "value": value}]
    return {"expr": expression, "eval_time": f"{minute}m", "exp_samples": samples}


def _run(rules: Path, *, before: str, after: str, checks: list[dict[str, Any]]) -> str | None:
    assert PROMTOOL is not None
    test = {"interval": "1m", "input_series": list(_series(before, after)), "promql_expr_test": checks}
    whole = {"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [test]}
    # JSON is YAML.
    ended = subprocess.run(
        [PROMTOOL, "test", "rules", "/dev/stdin"],
        input=json.dumps(whole), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return None if ended.returncode == 0 else ended.stdout + ended.stderr


def _series(before: str, after: str) -> Iterable[Mapping[str, str]]:
    old, new = _samples(before), _samples(after)
    for name in sorted({*old, *new}):
        yield {"series": name, "values": f"{_first(old.get(name))} {_then(name, old, new)}"}


def _first(value: float | None) -> str:
    return f"_x{CHANGE_AT}" if value is None else f"{value}+0x{CHANGE_AT - 1}"


def _then(name: str, old: Mapping[str, float], new: Mapping[str, float]) -> str:
    if name not in new:
        return f"_x{LASTS}"
    step = new[name] - old.get(name, 0) if "_total{" in name else 0
    return f"{new[name]}+{step}x{LASTS - 1}"


def _samples(page: str) -> dict[str, float]:
    """Every sample by its series' name in promtool's notation."""
    return {
        sample.name
        + "{"
        + ",".join(f'{k}="{v}"' for k, v in sorted(sample.labels.items()))
        + "}": sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
