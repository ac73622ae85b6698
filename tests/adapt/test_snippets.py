"""Statements out of Python snippets."""

import ast
from functools import partial

import pytest

from takeout.adapt.snippets import (
    compares_with,
    holds,
    is_inert,
    is_only_about,
    without_comments,
    without_statements,
    without_switched,
)

about = partial(compares_with, constant="robot")


def test_a_statement_goes_with_all_its_lines() -> None:
    text = 'def f(name):\n    if name == "robot":\n        print(name)\n        return 1\n    return 2\n'
    assert without_statements(text, about) == "def f(name):\n    return 2\n"


def test_a_block_left_empty_gets_a_pass() -> None:
    text = 'def f(name):\n    if "robot" == name:\n        return 1\n'
    assert without_statements(text, about) == "def f(name):\n    pass\n"


def test_statements_inside_others_are_found() -> None:
    block = "for n in names:\n    try:\n{}        go()\n    finally:\n        stop()\n"
    text = block.format('        if n == "robot":\n            continue\n')
    found = without_statements(text, about)
    assert found == block.format("")


def test_nothing_unwanted_leaves_the_text() -> None:
    text = "c.Spawner.debug = True  # loud\n"
    assert without_statements(text, about) == text


@pytest.mark.parametrize(
    "text",
    [
        'if a:\n    b()\nelif name == "robot":\n    c()\n',
        'if name == "robot": a(); b()\n',
        "say Python here\n",
    ],
)
def test_what_lines_cannot_take_out_is_refused(text: str) -> None:
    assert without_statements(text, about) is None


def test_an_if_with_an_else_is_left() -> None:
    text = 'if name == "robot":\n    a()\nelse:\n    b()\n'
    assert without_statements(text, about) == text


def test_decorators_go_with_their_function() -> None:
    text = "@wrap\ndef gone():\n    pass\n\nkept = 1\n"
    found = without_statements(text, lambda s: isinstance(s, ast.FunctionDef))
    assert found == "\nkept = 1\n"


def test_comments_go_by_their_words() -> None:
    assert without_comments("# for the robot\nrobot = 1  # robot\n", "robot") == "robot = 1  # robot\n"


def test_a_snippet_is_only_about_what_every_statement_names() -> None:
    text = "import os\nstaff = 1\nif staff:\n    c.x = staff\n"
    assert is_only_about(text, ("staff",))
    assert not is_only_about(text + "c.own = 1\n", ("staff",))
    assert not is_only_about("import os\n", ("staff",))
    assert not is_only_about("say Python here", ("Python",))


def test_odd_escapes_are_no_concern() -> None:
    assert is_only_about("pattern = '\\d'\n", ("pattern",))


def test_functions_that_do_nothing_are_inert() -> None:
    assert is_inert('async def hook(a):\n    """Say nothing."""\n    return None\n\nc.X.hook = hook\n')
    assert not is_inert("def hook(a):\n    return a\n\nc.X.hook = hook\n")
    assert not is_inert("def hook(a):\n    pass\n\nhook(1)\n")
    assert not is_inert("say Python here")


def test_lines_of_a_statement_are_searched() -> None:
    text = "a = 1\nb = [\n  'word',\n]\n"
    first, second = ast.parse(text).body
    assert not holds(text, first, ("word",))
    assert holds(text, second, ("word",))


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ('a = 1\nif get("x.enabled"):\n    b = 2\n', "a = 1\n"),
        ('# docs\nimport os\nif get("x.enabled"):\n    b = 2\n', ""),
        ('if not get("x.enabled"):\n    b = 2\n', None),
        ('if get("x.enabled") and y:\n    b = 2\n', None),
        ('if get("x.enabled"):\n    b = 2\nelse:\n    b = 3\n', None),
        ("if a b:\n", "broken"),
    ],
    ids=["taken out", "nothing left", "the opposite", "and more", "else", "no Python"],
)
def test_what_a_switch_turns_on_is_taken_out(text: str, rest: str | None) -> None:
    """None stands for the text itself."""
    found = without_switched(text, "x.enabled")
    assert found == (None if rest == "broken" else text if rest is None else rest)
