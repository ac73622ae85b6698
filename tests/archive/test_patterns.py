"""Patterns mean what they mean to git; git itself is asked where it is there."""

# ruff: noqa: SIM905 - a table of words in few lines

from __future__ import annotations

import ast
import shutil
import subprocess
from pathlib import Path

import pytest

import takeout.archive
from takeout.archive.home.patterns import read_rules, rules_of_options
from takeout.errors import OptionError

PATTERNS = [
    *"*.tmp|data|data/|/data|data/raw|data/*.csv|**/cache|a/**|a/**/z|b?g|[a-c]x|[!a]x|\\#hash|\\!bang".split("|"),
    *"sp ace|trailing\\ |x\\*y|[z-a]q|*|!keep|lone[|a**b|é*|**".split("|"),
]
PATHS = [
    *"a.tmp|d/a.tmp|data|x/data|data/raw|data/raw/f|data/b.csv|data/c/b.csv|cache|q/cache|a/b|a/z".split("|"),
    *"a/b/c/z|bug|bg|ax|dx|#hash|!bang|sp ace|trailing |x*y|xay|keep|lone[|acb|a/b/b|été".split("|"),
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_mean_what_git_means(pattern: str, tmp_path: Path) -> None:
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")
    subprocess.run([git, "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text(pattern + "\n")
    rules = read_rules("test", [pattern.encode()])
    asked = subprocess.run(
        [git, "check-ignore", "-v", "-n", "--no-index", "-z", "--stdin"],
        cwd=tmp_path,
        input="\0".join(PATHS).encode(),
        capture_output=True,
        check=False,
    )
    for path, matched in zip(PATHS, asked.stdout.split(b"\0")[2::4], strict=True):
        # Git asks for the parents too; here the walk does that.
        ours = [rules.decide("/".join(path.split("/")[: n + 1]).encode(), directory=n < path.count("/"))
                for n in range(path.count("/") + 1)]  # fmt: skip
        assert bool(matched) == any(decision is not None for decision in ours), (pattern, path)


def test_comments_and_empty_lines_are_no_patterns() -> None:
    assert read_rules("test", [b"# comment", b"", b"   ", b"/", b"!"]).patterns == ()


def test_an_option_may_begin_with_a_hash() -> None:
    assert rules_of_options(["#x"]).decide(b"#x", directory=False) == (True, "--exclude: \\#x")
    with pytest.raises(OptionError):
        rules_of_options([" "])


def test_the_archive_stands_alone() -> None:
    for file in Path(takeout.archive.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            ours = [name for name in names if name.startswith("takeout")]
            allowed = ("takeout.archive", "takeout.errors", "takeout.progress")
            assert all(name.startswith(allowed) for name in ours), file
