"""What Helm's own code says, taken apart: schema faults, template errors, warnings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from takeout.chart.schema import place
from takeout.chart.tree import ChartTree
from takeout.errors import Fault, Where
from takeout.values.node import Mapping, Sequence
from takeout.values.node import find as find_node
from takeout.values.path import Path, format_path

_CHART = re.compile(r"(?P<name>[^\s:][^:]*):")
_ITEM = re.compile(r"(?P<indent> *)- at '(?P<pointer>(?:[^'\\]|\\.)*)': (?P<text>.*)")
_ADDITIONAL = re.compile(r"additional properties (?P<keys>.+) not allowed")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")
_TEMPLATE = re.compile(r"(?P<file>[\w./-]+\.(?:ya?ml|tpl|txt)):(?P<line>\d+)(?::(?P<column>\d+))?")
_OVERWRITE = re.compile(r"cannot overwrite (?:non )?table with (?:non )?table for (?P<path>\S+)")
_IGNORED = re.compile(r"skipped value for (?P<path>\S+): Not a table\.?")


@dataclass(slots=True)
class _Item:
    pointer: str
    text: str
    indent: int
    below: list[_Item] = field(default_factory=list)


def schema_faults(message: str, tree: ChartTree, values: Mapping | None) -> list[Fault]:
    """Return Helm's schema message as one fault for every value that does not fit.

    Args:
        message: What ``helm`` prints: a chart's name and a colon, and below it a list of places and complaints.
        tree: The chart, to tell where a subchart's values are.
        values: The values, for files and lines.
    """
    paths: dict[str, Path] = {}
    for path, chart in tree.walk():
        paths.setdefault(chart.name, path)
        paths.setdefault(chart.key, path)
    faults: dict[Fault, None] = {}
    chart_path: Path = ()
    roots: list[tuple[Path, _Item]] = []
    stack: list[_Item] = []
    for line in message.splitlines():
        if match := _ITEM.fullmatch(line):
            item = _Item(match["pointer"], match["text"], len(match["indent"]))
            while stack and stack[-1].indent >= item.indent:
                stack.pop()
            if stack:
                stack[-1].below.append(item)
            else:
                roots.append((chart_path, item))
            stack.append(item)
        elif match := _CHART.fullmatch(line):
            chart_path, stack = paths.get(match["name"], ()), []
        elif stack and line.strip():
            stack[-1].text += f" {line.strip()}"  # a value with line breaks in it
    for base, root in roots:
        faults |= dict.fromkeys(_faults(root, base, values))
    # Helm walks Go maps, so its own order changes from run to run.
    return sorted(faults, key=lambda fault: (fault.where.file, fault.where.line, fault.where.path, fault.message))


def template_fault(message: str) -> Fault:
    """Return what a template complains about, with its place where the message names one."""
    match = _TEMPLATE.search(message)
    where = Where(match["file"], int(match["line"]), int(match["column"] or 0)) if match else Where()
    # Go nests its errors; what the chart's author wrote for people is the last of them.
    text = message.strip().rsplit("error calling fail: ", 1)[-1].rsplit("error calling required: ", 1)[-1]
    return Fault("template", f"the chart cannot be rendered: {text}", where, _TEMPLATE_HINT, fatal=True)


_TEMPLATE_HINT = "compare the values at hand with those that this version of the chart expects"


def warning_faults(lines: list[str], tree: ChartTree, values: Mapping | None) -> list[Fault]:
    """Return Helm's warnings about values that it does not use."""
    faults: dict[Fault, None] = {}
    for line in lines:
        match = _OVERWRITE.search(line) or _IGNORED.search(line)
        if match is None:
            continue
        steps = tuple(match["path"].split("."))
        # Helm puts the root chart's name in front
        path = steps[1:] if steps[0] == tree.name else steps
        text = f"Helm ignores the value of {format_path(path)}: the chart has a mapping there"
        if "non table with table" in line or "overwrite non table" in line:
            text = f"the mapping at {format_path(path)} takes the place of a plain value of the chart"
        faults.setdefault(
            Fault("ignored-value", text, place(values, path), "give it the shape that the chart has")
        )
    return list(faults)


def _faults(item: _Item, base: Path, values: Mapping | None) -> Iterator[Fault]:
    path = _path(item.pointer, base, values)
    if match := _ADDITIONAL.fullmatch(item.text):
        for quoted in _QUOTED.findall(match["keys"]):
            key = quoted.replace("\\'", "'")
            yield Fault(
                "unknown-key",
                f"the chart does not know the key {key!r}",
                place(values, (*path, key)),
                "remove it, or move it to where the chart reads it",
            )
    elif item.below and item.text.startswith(("'oneOf' failed", "'anyOf' failed")):
        forms = "; or ".join(dict.fromkeys(_summary(below, item.pointer) for below in item.below))
        yield Fault("schema", f"{_last(path)} fits none of the allowed forms: {forms}", place(values, path))
    elif item.below:
        for below in item.below:
            yield from _faults(below, base, values)
    else:
        yield Fault("schema", f"{_last(path)}: {item.text}", place(values, path))


def _last(path: Path) -> str:
    return repr(path[-1]) if path else "the values"


def _summary(item: _Item, around: str) -> str:
    if item.below:
        return ", ".join(_summary(below, around) for below in item.below)
    place_below = item.pointer.removeprefix(around).lstrip("/")
    return f"{place_below}: {item.text}" if place_below else item.text


def _path(pointer: str, base: Path, values: Mapping | None) -> Path:
    path = base
    for step in pointer.replace("\\'", "'").split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        parent = find_node(values, path) if values is not None else None
        is_position = key.isdigit() and (isinstance(parent, Sequence) or parent is None)
        path = (*path, int(key) if is_position else key)
    return path
