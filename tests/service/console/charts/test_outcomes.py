"""Bars of outcomes: what is added up, and how high it is drawn."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.views.outcomes import HOUR, HourOfOutcomes
from service.console.charts.outcomes import HEIGHT, by_day, by_hour

AT = datetime(2026, 3, 7, 15, tzinfo=UTC)


def hours(*counts: int, app_id: str = "demo") -> list[HourOfOutcomes]:
    return [
        HourOfOutcomes(app_id, AT + HOUR * n, {"approved": count} if count else {})
        for n, count in enumerate(counts)
    ]


def test_apps_are_added_up_hour_by_hour() -> None:
    chart = by_hour([*hours(1, 2, 3), *hours(4, 0, 1, app_id="other")], count=2)
    assert [bar.total for bar in chart.bars] == [2, 4]
    assert chart.totals == {"approved": 6, "rejected": 0, "review": 0, "incomplete": 0}


def test_days_are_those_of_the_reader() -> None:
    chart = by_day(hours(1, 2), ZoneInfo("Asia/Shanghai"))
    assert [bar.total for bar in chart.bars] == [1, 2]
    assert by_day(hours(1, 2), UTC).bars[0].total == 3


@pytest.mark.parametrize(("most", "top"), [(0, 1), (1, 1), (3, 5), (50, 50), (51, 100), (1200, 2000)])
def test_the_upper_line_is_a_round_number(most: int, top: int) -> None:
    assert by_hour(hours(most), count=1).top == top


def test_parts_stand_on_each_other() -> None:
    mixed = HourOfOutcomes("demo", AT, {"approved": 6, "rejected": 4}, is_capped=True)
    [bar] = by_hour([mixed], count=1).bars
    assert [part.outcome for part in bar.parts] == ["approved", "rejected"]
    assert bar.parts[0].y + bar.parts[0].height == HEIGHT
    assert bar.parts[1].y + bar.parts[1].height == bar.parts[0].y == 40
    assert (bar.is_capped, bar.counts) == (True, {"approved": 6, "rejected": 4})


def test_a_change_of_clocks_loses_no_hour() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 28, 23, tzinfo=UTC)
    day = [HourOfOutcomes("demo", start + timedelta(hours=n), {"approved": 1}) for n in range(24)]
    assert sum(bar.total for bar in by_day(day, berlin).bars) == 24
