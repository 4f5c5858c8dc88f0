"""QR codes as SVG."""

import segno
from markupsafe import Markup


def qr_code(text: str) -> Markup:
    """The QR code of a text: black on white, also in dark mode, so that every camera reads it."""
    code = segno.make_qr(text, error="m")
    svg = code.svg_inline(scale=5, dark="#000", light="#fff", svgclass="qr", lineclass=None)
    return Markup(svg)  # noqa: S704 - squares, whatever the text is
