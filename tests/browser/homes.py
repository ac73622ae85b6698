"""The home that the browser tests take along."""

from __future__ import annotations

import os
import random
from pathlib import Path

NOT_UTF8 = b"caf\xe9"


def write_home(path: Path) -> None:
    """Write a small home of every kind of name, with two folders that are large beside the rest."""
    bytes_of = random.Random(2026).randbytes  # noqa: S311 -- the same home in every run
    for name, content in {
        "analysis.ipynb": b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        "notes.txt": b"what was measured, and when\n",
        ".config/private.toml": b"hidden = true\n",
        "ocean/2024/salinity.bin": bytes_of(1_500_000),
        "ocean/2025/salinity.bin": bytes_of(1_200_000),
        "ocean/readme.md": b"# Salinity\n",
        "scratch/model-run.bin": bytes_of(2_400_000),
        "scratch/deep/er/log.txt": b"line\n" * 2_000,
        "Zürich & Genève #1/100% データ.csv": b"a,b\n1,2\n",
        "empty file": b"",
    }.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (path / "empty folder").mkdir()
    (path / "latest").symlink_to("ocean/2025")
    raw = os.path.join(os.fsencode(path), NOT_UTF8)  # noqa: PTH118 -- a name that pathlib's text cannot state
    os.mkdir(raw)  # noqa: PTH102
    (path / os.fsdecode(NOT_UTF8) / "menu.txt").write_bytes(b"espresso\n")


def write_large_home(path: Path) -> None:
    """Write a home as large as a scientist's, for pictures: holes on the disk, and hardly a byte in them."""
    megabyte = 1_000_000
    for name, size in {
        "analysis.ipynb": 1,
        "thesis/chapter-3.ipynb": 14,
        "thesis/figures.pdf": 96,
        "ocean/2023/salinity.nc": 3_100,
        "ocean/2024/salinity.nc": 4_200,
        "ocean/2025/salinity.nc": 2_600,
        "ocean/2025/temperature.nc": 1_900,
        "scratch/model-run-17.zarr": 5_400,
        "scratch/model-run-18.zarr": 2_700,
        "satellite/tiles-a.tif": 1_700,
        "satellite/tiles-b.tif": 900,
        ".cache/pip/wheels.bin": 1_300,
        ".conda/pkgs/torch.conda": 1_500,
    }.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as opened:
            opened.truncate(size * megabyte)
