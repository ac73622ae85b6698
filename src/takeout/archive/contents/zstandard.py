"""Zstandard, which Python has from 3.14 on; a backport of that is there before."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression import zstd

    zstd_file = ""
else:
    from backports import zstd

    zstd_file: str = zstd.__file__

__all__ = ["zstd", "zstd_file"]
