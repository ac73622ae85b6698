"""What tells a distant disk from one that is late now and then."""

from __future__ import annotations

from takeout.archive.contents.disk import Disk

NEAR, FAR = 0.00002, 0.008


def learned(*waits: float, disk: Disk | None = None) -> Disk:
    disk = disk or Disk()
    for wait in waits:
        disk.learn(wait * 10, 10, 0)
    return disk


def test_most_of_the_last_files_decide() -> None:
    assert not Disk().distant
    assert learned(FAR).distant
    assert not learned(NEAR).distant
    late = learned(*[NEAR] * 5, FAR * 1_000)
    assert not late.distant
    assert learned(*[FAR] * 4, disk=late).distant
    assert not learned(*[NEAR] * 4, disk=late).distant


def test_a_long_read_is_not_a_slow_one() -> None:
    disk = Disk()
    disk.learn(0.001, 1, 1 << 20)
    assert not disk.distant
    disk.learn(1.0, 0, 0)
    assert not disk.distant


def test_works_are_smaller_where_files_take_longer() -> None:
    assert Disk().at_once(256) == 8
    assert learned(NEAR).at_once(256) == 256
    assert learned(FAR).at_once(256) == 2
    assert learned(FAR * 100).at_once(256) == 1
