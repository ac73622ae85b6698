"""The homes that are measured: the same at every run."""

from __future__ import annotations

import random
from pathlib import Path

_WORDS = [f"{word}{number} " for number in range(400) for word in ("alpha", "beta", "gamma", "delta", "import")]
_SEED = 7
_DENSE = 0.3
"""The part of the files that does not compress: images, archives."""
_LARGEST_BYTES = 400 << 20


def make_tree(root: Path, total_bytes: int, files: int) -> int:
    """Make a home of about ``total_bytes`` in ``files`` files: many small, some large; return its real size."""
    chance = random.Random(_SEED)  # noqa: S311 - the same tree every time
    text = "".join(chance.choice(_WORDS) for _ in range(200_000)).encode()
    dense = chance.randbytes(4 << 20)
    mean, made = total_bytes / files, 0
    for number in range(files):
        directory = root / f"d{number // 2_000}" / f"e{number // 50 % 40}"
        if number % 50 == 0:
            directory.mkdir(parents=True, exist_ok=True)
        size = min(int(chance.lognormvariate(0, 2.2) * mean / 11.2), _LARGEST_BYTES)
        source = dense if chance.random() < _DENSE else text
        start = chance.randrange(len(source) // 2)
        with (directory / f"f{number}").open("wb") as file:
            left = size
            while left > 0:
                left -= file.write(source[start : start + min(left, len(source) - start)])
        made += size
    return made


def make_many(root: Path, files: int) -> None:
    """Make very many very small files, a thousand in each directory."""
    for number in range(files):
        directory = root / f"d{number // 1_000:04}"
        if number % 1_000 == 0:
            directory.mkdir()
        with (directory / f"file{number % 1_000:03}").open("wb") as file:
            file.write(b"%d" % number)
