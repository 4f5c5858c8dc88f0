"""The geometry of charts; the macros in `templates/charts.html` draw it as SVG."""
