"""Work is done ahead, in order, within bounds."""

from __future__ import annotations

import pytest

from takeout.archive.contents.disk import Disk
from takeout.archive.contents.pipeline import Pipeline, Work


def test_a_pipeline_keeps_the_order_and_its_bounds() -> None:
    pipeline = Pipeline(Disk(), threads=4, budget_bytes=100)
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        return number

    works = (Work(30, lambda n=number: work(n)) for number in range(500))
    results = pipeline.results(works)
    assert [next(results) for _ in range(10)] == list(range(10))
    assert len(begun) <= 10 + 4
    assert list(results) == list(range(10, 500))
    pipeline.close()


def test_a_failing_work_ends_the_pipeline() -> None:
    pipeline = Pipeline(Disk(), threads=2)

    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(pipeline.results([Work(1, lambda: 1), Work(1, fail), Work(1, lambda: 3)]))
    pipeline.close()
