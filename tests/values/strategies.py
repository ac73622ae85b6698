"""Documents and trees of charts, as hypothesis strategies."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import strategies as st

from takeout.values.merge import Chart
from takeout.values.node import Mapping, from_data, to_data

# Every one of these was read wrongly by some YAML reader once.
TRAPS = (
    *("yes", "No", "on", "OFF", "y", "N", "true", "False", "tRUE", "null", "~", "Null", "nUll"),
    *(
        "0755",
        "0o755",
        "0b11",
        "-0b11",
        "0x1F",
        "-0x1f",
        "1_000",
        "1__0",
        "_1",
        "08",
        "09.5",
        "00",
        "0o8",
        "0x",
        "+12",
    ),
    *(
        "1e3",
        "1.0",
        "1.",
        ".5",
        "-.5",
        ".",
        "1e22",
        "1e-7",
        "1e400",
        "1e",
        "e1",
        "123456.789e3",
        "1_0.5_0",
        "-0",
        "+",
    ),
    *("12:30:45", "190:20:30", "1:20", "2024-03-18", "2024-03-18T10:00:00Z", "2001-1-1", "1.2.3", "10.0.0.0/8"),
    *("123456789012345678901234567890", "9223372036854775808", "18446744073709551616", "9007199254740993", "0b-1"),
    *("=", "<<", "-x", "?x", "a b", "a#b", "a:b", "http://x.y/z?a=b#c", "é", "😀"),
    *('"yes"', "'1'", '""', "''", '"a\\tb\\x00\\u2028"', "'it''s'", '"#"', '"\\\n  x"', "'a\n\n  b'"),
    *(
        "!!str 12",
        '!!int "12"',
        "!!float 3",
        "!foo b",
        "!foo 12",
        "! 12",
        "!!binary aGVsbG8=",
        "!!binary /w==",
        "!!bool on",
    ),
    *("[]", "{}", "[a, 'b', 1]", "{a: 1, b: [x]}", "[{a: yes}]", "{a, b: 2}", "!!set {x}"),
)
BAD = (
    ".inf",
    "-.inf",
    ".nan",
    "!!int abc",
    "!!bool maybe",
    "*nowhere",
    "[a",
    "{a: ",
    '"open',
    "@x",
    "a: b: c",
    "!!int 1.0",
)
# No two of these become the same key unless they are the same value to go-yaml: which one wins would be chance.
KEYS = (
    "a",
    "b",
    "c",
    '"d e"',
    "'#f'",
    "yes",
    "off",
    "0x10",
    "1_000",
    "1.5",
    "0o7",
    "mode",
    "2024-03-18",
    "!!str 1",
    "é",
    "<<x",
)
COMMENTS = ("", " # why", "  #", " # a: b # c", " # '\"")

_scalars = st.sampled_from(TRAPS)
_words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cn"]), max_size=12)


@st.composite
def documents(draw: st.DrawFn, *, bad: bool = False) -> str:
    """The text of a values file: block style, with traps, comments, anchors, merges, duplicate keys and lists."""
    writer = _DocumentWriter(draw, bad=bad)
    writer.mapping(0, 3)
    return "\n".join(writer.lines) + "\n"


class _DocumentWriter:
    """Draws one document, line by line."""

    def __init__(self, draw: st.DrawFn, *, bad: bool) -> None:
        self.lines: list[str] = []
        self._draw = draw
        self._scalars = st.sampled_from(TRAPS + BAD) if bad else _scalars
        self._anchors: list[str] = []
        self._mappings: list[str] = []

    def mapping(self, indent: int, depth: int) -> None:
        pad = " " * indent
        for _ in range(self._draw(st.integers(1, 4))):
            self._noise(pad)
            if self._mappings and self._draw(st.integers(0, 5)) == 0:
                name = self._draw(st.sampled_from(self._mappings))
                self.lines.append(f"{pad}<<: " + self._draw(st.sampled_from((f"*{name}", f"[*{name}, {{b: 7}}]"))))
                continue
            self._value(f"{pad}{self._draw(st.sampled_from(KEYS))}:", indent, depth)

    def _sequence(self, indent: int, depth: int) -> None:
        pad = " " * indent
        for _ in range(self._draw(st.integers(1, 3))):
            self._noise(pad)
            self._value(f"{pad}-", indent, depth)

    def _value(self, lead: str, indent: int, depth: int) -> None:
        comment = self._draw(st.sampled_from(COMMENTS))
        kind = self._draw(st.integers(0, 9 if depth else 5))
        anchor = ""
        if self._draw(st.integers(0, 4)) == 0 and kind != 5:
            anchor = f" &x{len(self._anchors)}"
        if kind <= 2:
            self.lines.append(f"{lead}{anchor} {self._draw(self._scalars)}{comment}")
        elif kind == 3:
            self.lines.append(f"{lead}{anchor}{comment}")
        elif kind == 4:
            self._block(f"{lead}{anchor}", indent, comment)
        elif kind == 5:
            alias = f" *{self._draw(st.sampled_from(self._anchors))}" if self._anchors else " plain"
            self.lines.append(f"{lead}{alias}{comment}")
        else:
            self.lines.append(f"{lead}{anchor}{comment}")
            step = self._draw(st.integers(1, 4))
            if kind <= 7:
                self.mapping(indent + step, depth - 1)
                if anchor:
                    self._mappings.append(anchor[2:])
            else:
                self._sequence(indent + step, depth - 1)
        if anchor:
            self._anchors.append(anchor[2:])

    def _block(self, lead: str, indent: int, comment: str) -> None:
        style = self._draw(st.sampled_from(("|", "|-", "|+", ">", ">-", ">+")))
        self.lines.append(f"{lead} {style}{comment}")
        pad = " " * (indent + 2)
        texts = self._draw(
            st.lists(st.sampled_from(("x", "# no comment", "", "  deeper", "a: b", "y  ", "\tz")), max_size=5)
        )
        self.lines.append(f"{pad}first")
        self.lines += [f"{pad}{text}" if text else "" for text in texts]

    def _noise(self, pad: str) -> None:
        noise = self._draw(st.integers(0, 8))
        if noise == 0:
            self.lines.append("")
        elif noise == 1:
            self.lines.append(f"{pad}# a comment: with 'quotes' and a #")
        elif noise == 2:
            self.lines.append("        # far to the right")


def _trees(children: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(children, max_size=3) | st.dictionaries(keys, children, max_size=4)


odd_texts = st.sampled_from(
    (
        *(
            "y",
            "1",
            "",
            "a: b",
            "#x",
            " x",
            "x ",
            "\tx",
            "two\nlines",
            "two\nlines\n",
            "kept\n\n\n",
            "\n",
            "\n\nx",
            " \n x\n",
        ),
        *(
            "a\n b\nc",
            "a\n\tb",
            "x\n  ",
            "x\r\ny",
            "\x85",
            "a\u2028b",
            "\ufeff",
            "\x00",
            "\x7f",
            "\x1b[0m",
            "---",
            "...",
            "--- x",
        ),
        *(
            "- x",
            "? x",
            ": x",
            "*x",
            "&x",
            "!x",
            "%x",
            "@x",
            "`x`",
            "|",
            ">",
            "'",
            '"',
            "it's",
            'say "it\'s"',
            "\\",
            'a\\b"c',
        ),
        *(
            "word " * 60,
            "w" * 2000,
            "x\n" + "word " * 60 + "\nend",
            "#!/bin/sh\nexit\n",
            "trailing \nspace",
            "é😀\n日本",
            "<<",
        ),
        *TRAPS,
    )
)
texts = odd_texts | _words
keys = odd_texts | st.text(max_size=8).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text))
numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
values_data = st.dictionaries(
    keys, st.recursive(st.none() | st.booleans() | numbers | texts, _trees, max_leaves=12), max_size=5
)
"""Plain values of every kind, as a values file may hold them."""

_names = ("a", "b", "c")
_leaf = st.none() | st.sampled_from((1, "x", True, [1, None], "", 0))
_tables = st.recursive(
    _leaf, lambda below: st.dictionaries(st.sampled_from(_names), below, max_size=3), max_leaves=6
)
# Deeper tables of ``global`` are shared between charts by Helm, in an order that changes from run to run.
_globals = st.dictionaries(
    st.sampled_from(_names), _leaf | st.dictionaries(st.just("q"), st.sampled_from((1, 2, None))), max_size=2
)


def chart_values(children: tuple[Chart, ...]) -> st.SearchStrategy[dict[str, object]]:
    """Values for a chart with ``children``, as plain data."""
    own = dict.fromkeys(_names, _tables) | {"global": _globals}
    below = {child.name: chart_values(child.children) for child in children}
    return st.fixed_dictionaries({}, optional={**own, **below})


@st.composite
def charts(draw: st.DrawFn, name: str = "top", depth: int = 2) -> Chart:
    """A tree of charts with small values."""
    names = draw(st.lists(st.sampled_from(("sub", "twin")), unique=True, max_size=2)) if depth else []
    children = tuple(draw(charts(child, depth - 1)) for child in names)
    values = from_data(draw(chart_values(children)))
    assert isinstance(values, Mapping)
    return Chart(name, values, children)


def write_chart(chart: Chart, folder: Path) -> Path:
    """Write ``chart`` as Helm loads it; return the folder."""
    folder.mkdir(parents=True)
    (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: {chart.name}\nversion: 1.0.0\n")
    (folder / "values.yaml").write_text(json.dumps(to_data(chart.values)))
    for child in chart.children:
        write_chart(child, folder / "charts" / child.name)
    return folder
