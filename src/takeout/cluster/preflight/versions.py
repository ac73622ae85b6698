"""Whether a version is in a range, as Helm reads ranges: Helm itself is asked."""

from __future__ import annotations

import tempfile
from pathlib import Path

from takeout.chart.helm import Chart
from takeout.errors import ValuesError

_CHART = "apiVersion: v2\nname: range\nversion: 0.1.0\n"
_TEMPLATE = "answer: {{ semverCompare .Values.range .Values.version }}\n"


def satisfies(version: str, wanted: str) -> bool:
    """Whether ``version`` is in the range ``wanted``; a range that nobody can read leaves everything in.

    Args:
        version: Such as ``v1.34.1-gke.100``.
        wanted: Such as ``>=1.28.0-0 <2``.
    """
    with tempfile.TemporaryDirectory(prefix="takeout-range-") as name:
        folder = Path(name)
        (folder / "templates").mkdir()
        (folder / "Chart.yaml").write_text(_CHART, encoding="utf-8")
        (folder / "templates" / "answer.yaml").write_text(_TEMPLATE, encoding="utf-8")
        with Chart.load(folder) as chart:
            try:
                (answer,) = chart.render({"range": wanted, "version": version}, name="range", namespace="range")
            except ValuesError:
                return True
    return bool(answer.data["answer"])
