"""The Python snippets of ``hub.extraConfig``: find them, take statements out of them, take them out."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache

from takeout.adapt.rule import Draft
from takeout.values.path import Path

EXTRA_CONFIG: Path = ("jupyterhub", "hub", "extraConfig")


def snippets(draft: Draft) -> Iterator[tuple[Path, str]]:
    """Yield the path and the text of every snippet."""
    for name, text in draft.get_map(EXTRA_CONFIG).items():
        if isinstance(text, str):
            yield (*EXTRA_CONFIG, name), text


@lru_cache(maxsize=256)
def parse(text: str) -> ast.Module | None:
    """Return the snippet's syntax tree, or None where it is not Python that this version can read.

    The hubs of a source share most snippets, and several rules read each: a tree is made once, and never changed.
    """
    with warnings.catch_warnings():
        # An escape that Python frowns at is its author's business.
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError):
            return None


def is_only_about(text: str, words: tuple[str, ...]) -> bool:
    """Whether every statement of a snippet that is not an import names one of ``words``."""
    tree = parse(text)
    if tree is None:
        return False
    rest = [s for s in tree.body if not isinstance(s, ast.Import | ast.ImportFrom)]
    sources = [ast.get_source_segment(text, statement) or "" for statement in rest]
    return bool(rest) and all(any(word in source for word in words) for source in sources)


def without_statements(text: str, unwanted: Callable[[ast.stmt], bool]) -> str | None:
    """Return a snippet without the statements that are unwanted, at any depth.

    A block that would be left empty gets a ``pass``.

    Args:
        text: The snippet.
        unwanted: Says whether a statement goes; it is not asked about what is inside one that goes.

    Returns:
        The text, which is Python again; the text itself where nothing is unwanted; None where a statement
        cannot be taken out by lines (it shares a line with another, or is an ``elif``).
    """
    tree = parse(text)
    if tree is None:
        return None
    lines = text.splitlines(keepends=True)
    edits = [edit for block in _blocks(tree, unwanted) for edit in _edits(block, unwanted)]
    for first, last, replacement in sorted(edits, reverse=True):
        if not _stands_alone(lines, first, last):
            return None
        lines[first - 1 : last] = [replacement] if replacement else []
    result = "".join(lines)
    return result if parse(result) is not None else None


def without_switched(text: str, switch: str) -> str | None:
    """Return a snippet without what runs only where a switch is on.

    That is each ``if`` without an ``else`` that asks for the switch and nothing more, such as
    ``if get_config("custom.x.enabled"):``.

    Args:
        text: The snippet.
        switch: Part of the switch's name.

    Returns:
        The text, which is Python again; empty where only imports and comments would be left; None where
        the statements cannot be taken out.
    """

    def asks(statement: ast.stmt) -> bool:
        match statement:
            case ast.If(test=ast.Call() as test, orelse=[]):
                return switch in (ast.get_source_segment(text, test) or "")
        return False

    rest = without_statements(text, asks)
    tree = parse(rest) if rest is not None else None
    if tree is None or all(isinstance(statement, ast.Import | ast.ImportFrom) for statement in tree.body):
        return None if tree is None else ""
    return rest


def without_comments(text: str, word: str) -> str:
    """Return a snippet without the comment lines that hold ``word``."""
    kept = [
        line for line in text.splitlines(keepends=True) if not (line.lstrip().startswith("#") and word in line)
    ]
    return "".join(kept)


def holds(text: str, statement: ast.stmt, words: tuple[str, ...]) -> bool:
    """Whether the lines of a statement hold any of ``words``."""
    lines = text.splitlines()[statement.lineno - 1 : statement.end_lineno]
    return any(word in line for line in lines for word in words)


def is_inert(text: str) -> bool:
    """Whether a snippet only defines functions that do nothing, and hands them over to the configuration."""
    tree = parse(text)
    if tree is None:
        return False
    functions = {s.name for s in tree.body if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef) if _is_idle(s)}
    for statement in tree.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name in functions:
                continue
            case ast.Assign(value=ast.Name(id=name)) if name in functions:
                continue
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
                continue
            case _:
                return False
    return True


def compares_with(statement: ast.stmt, constant: str) -> bool:
    """Whether a statement is an ``if`` without an ``else`` that asks whether something equals ``constant``."""
    match statement:
        case ast.If(test=ast.Compare(ops=[ast.Eq()], left=left, comparators=[right]), orelse=[]):
            return any(isinstance(side, ast.Constant) and side.value == constant for side in (left, right))
    return False


def _blocks(tree: ast.AST, unwanted: Callable[[ast.stmt], bool]) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(tree, name, None)
        if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
            yield block
            for statement in block:
                if not unwanted(statement):
                    yield from _blocks(statement, unwanted)
    for handler in [*getattr(tree, "handlers", []), *getattr(tree, "cases", [])]:
        yield from _blocks(handler, unwanted)


def _edits(block: list[ast.stmt], unwanted: Callable[[ast.stmt], bool]) -> Iterator[tuple[int, int, str]]:
    gone = [statement for statement in block if unwanted(statement)]
    for statement in gone:
        last = statement.end_lineno or statement.lineno
        is_hole = len(gone) == len(block) and statement is gone[-1] and statement.col_offset > 0
        replacement = " " * statement.col_offset + "pass\n" if is_hole else ""
        yield _first_line(statement), last, replacement


def _first_line(statement: ast.stmt) -> int:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return min([statement.lineno, *(d.lineno for d in statement.decorator_list)])
    return statement.lineno


def _stands_alone(lines: list[str], first: int, last: int) -> bool:
    head = lines[first - 1].lstrip()
    return not head.startswith(("elif", "else")) and ";" not in lines[last - 1].split("#")[0]


def _is_idle(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    for statement in function.body:
        match statement:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                continue
            case ast.Return(value=None | ast.Constant(value=None)):
                continue
            case _:
                return False
    return True
