"""`policy curve`: the share of stored verifications that reaches each false-accept level."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from rich.table import Table

from cli.connection.connected import Gateway
from cli.options import select
from cli.output.failures import CommandFailed
from domain.policy.curve import Curve, CurvePoint

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOUR: Final = "#2a6f97"


class CurveNotWritten(CommandFailed):
    """A file cannot be written, or pictures need a library that is not installed; the message says which."""


async def read_curve(gateway: Gateway, *, app: str | None, since: datetime | None) -> list[CurvePoint]:
    """The curve of the stored decisions."""
    curve = Curve()
    stored = gateway.stored_decisions()
    selection = await select(stored, app=app, since=since)
    async for chunk in stored.chunks(selection):
        curve.add(chunk)
    return curve.points()


def table_of(points: Sequence[CurvePoint]) -> Table:
    """The curve for the terminal."""
    table = Table("comparison", "level", header_style="bold")
    for name in ("verifications", "at or above", "no threshold", "share"):
        table.add_column(name, justify="right")
    for each in points:
        numbers = (str(each.verifications), str(each.reached), str(each.unknown), f"{each.share:.2%}")
        table.add_row(each.comparison, each.level, *numbers)
    return table


def write_csv(points: Sequence[CurvePoint], file: Path) -> None:
    """A row per comparison and level, with a header."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(CurvePoint.__struct_fields__)
    writer.writerows(msgspec.structs.astuple(point) for point in points)
    _write(file, text.getvalue().encode())


def write_picture(points: Sequence[CurvePoint], file: Path, *, form: str) -> None:
    """Draw one panel per comparison, with a line over the levels; `form` is svg or png.

    Raises:
        CurveNotWritten: matplotlib is not installed, or the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an optional extra
        from matplotlib.ticker import PercentFormatter  # noqa: PLC0415 - as above
    except ImportError:
        raise CurveNotWritten("pictures need matplotlib: install faceid-gateway[plot]") from None
    lines = [list(of_name) for _, of_name in groupby(points, lambda point: point.comparison)]
    columns = min(len(lines), 3)
    rows = -(-len(lines) // columns)
    figure = Figure(figsize=(1.2 + 3.4 * columns, 0.8 + 2.6 * rows), layout="constrained")
    figure.suptitle(
        "Share of verifications at or above each false-accept level", x=0.01, ha="left", fontsize=10
    )
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).flat
    for panel, line in zip_longest(panels, lines):
        if line is None:
            panel.set_axis_off()
        else:
            _draw(panel, line)
    panels[0].yaxis.set_major_formatter(PercentFormatter(1))
    figure.supxlabel("False-accept level, the strictest on the right", x=0.99, ha="right", fontsize=9)
    drawn = io.BytesIO()
    figure.savefig(drawn, format=form, dpi=150)
    _write(file, drawn.getvalue())


def title_of(line: Sequence[CurvePoint]) -> str:
    """The title of one comparison's panel, with the number of payloads without a threshold for some level."""
    title = f"{line[0].comparison}, {line[0].verifications} verifications"
    lacking = ", ".join(f"{point.level} in {point.unknown}" for point in line if point.unknown)
    return f"{title}\nno threshold: {lacking}" if lacking else title


def _draw(panel: "Axes", line: Sequence[CurvePoint]) -> None:
    """Draw one comparison. Each has its own panel, since lines in one panel would hide each other.

    A payload without the level's threshold counts as not reached; the title gives their number.
    """
    panel.plot([point.level for point in line], [point.share for point in line], "o-", color=COLOUR)
    for point in line:
        panel.annotate(
            f"{point.share:.1%}",
            (point.level, point.share),
            textcoords="offset points",
            xytext=(3, 5),
            fontsize=8,
        )
    panel.set_title(title_of(line), loc="left", fontsize=9)
    panel.set_ylim(0, 1.1)
    panel.set_yticks([0, 0.25, 0.5, 0.75, 1])
    panel.set_xlim(-0.25, len(line) - 0.4)
    panel.grid(axis="y", color="#dddddd", linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise CurveNotWritten(f"{file} cannot be written ({type(error).__name__})") from None
