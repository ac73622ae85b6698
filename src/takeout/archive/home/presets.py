"""What ``slim`` leaves out: directories that a program makes again when it needs them."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from takeout.archive.home.patterns import Rules, read_rules


class Preset(StrEnum):
    """How much of a home is taken."""

    FULL = "full"
    SLIM = "slim"


_CATEGORIES: dict[str, tuple[bytes, ...]] = {
    "caches": (
        b".cache/",
        b"__pycache__/",
        b".mypy_cache/",
        b".pytest_cache/",
        b".ruff_cache/",
        b".npm/_cacache/",
        b".yarn/cache/",
        b".local/share/jupyter/runtime/",
        b".vscode-server/bin/",
        b".dask/worker-space/",
        b"dask-worker-space/",
        b".cargo/registry/",
        b".julia/compiled/",
        b".nv/ComputeCache/",
        b".takeout-pull/",
    ),
    "package stores": (
        b".conda/pkgs/",
        b".mamba/pkgs/",
        b"micromamba/pkgs/",
        b"miniconda*/pkgs/",
        b"miniforge*/pkgs/",
        b"mambaforge*/pkgs/",
        b"anaconda*/pkgs/",
        b".pnpm-store/",
        b".local/share/pnpm/store/",
        b".julia/packages/",
        b".julia/artifacts/",
    ),
    "node_modules": (b"node_modules/",),
    "trash": (b".local/share/Trash/", b".Trash/", b".Trash-*/"),
    "checkpoints": (b".ipynb_checkpoints/",),
    "virtual environments": (b".tox/", b".nox/", b".takeout-work/"),
}

RULES: tuple[Rules, ...] = tuple(
    read_rules(category, [b"**/" + each if b"/" in each[:-1] else each for each in patterns])
    for category, patterns in _CATEGORIES.items()
)
"""One set of patterns for each category; the label is the category."""

_ENVIRONMENTS = "virtual environments"
_MARKERS = {
    b"pyvenv.cfg": _ENVIRONMENTS,
    b"conda-meta": _ENVIRONMENTS,
}
CACHE_TAG = b"CACHEDIR.TAG"
"""A file that marks its directory as a cache. Source: https://bford.info/cachedir/"""
CACHE_TAG_START = b"Signature: 8a477f597d28d172789f06886806bc55"


def category_of_names(names: Collection[bytes]) -> str:
    """Return the category of a directory with these names in it, or nothing."""
    for marker, category in _MARKERS.items():
        if marker in names:
            return category
    return ""


_LAST = [each.rstrip(b"/").rpartition(b"/")[2] for patterns in _CATEGORIES.values() for each in patterns]
_NAMES = frozenset(_LAST)
_STARTS = tuple(each.partition(b"*")[0] for each in _LAST if b"*" in each)
"""What a directory of a category is called: most others are told by their name."""


def category_of_path(path: bytes) -> str:
    """Return the category of the directory at ``path``, or nothing."""
    name = path.rpartition(b"/")[2]
    if name not in _NAMES and not name.startswith(_STARTS):
        return ""
    for rules in RULES:
        decided = rules.decide(path, directory=True)
        if decided is not None and decided[0]:
            return rules.label
    return ""
