from __future__ import annotations

import pytest

from takeout.errors import SourceError, TakeoutError, ValuesError
from takeout.values.jsonnet import evaluate
from takeout.values.node import leaves, to_data

FILE = "helm-charts/basehub/values.jsonnet"
FILES = {
    "helm-charts/basehub/lib.libsonnet": "{ twice(x):: x * 2 }",
    "common.libsonnet": "{ name: std.thisFile }",
    "helm-charts/basehub/script.py": "print(1)\n",
    "helm-charts/basehub/broken.libsonnet": "{\n  a: error 'inside',\n}",
}


def run(text: str, **ext_vars: str) -> object:
    return to_data(evaluate(text, FILE, ext_vars, FILES.get))


def test_external_variables_and_imports() -> None:
    program = """
    local lib = import 'lib.libsonnet';
    {
      hub: std.extVar('HUB'),
      n: lib.twice(4),
      up: (import '../../common.libsonnet').name,
      script: importstr 'script.py',
    }
    """
    assert run(program, HUB="x") == {"hub": "x", "n": 8, "up": "/source/common.libsonnet", "script": "print(1)\n"}


@pytest.mark.parametrize("chart", ["basehub", "daskhub"])
def test_a_program_sees_the_folder_it_was_asked_for_by(chart: str) -> None:
    values = evaluate(
        "{ chart: std.splitLimitR(std.thisFile, '/', 3)[2] }", f"helm-charts/{chart}/values.jsonnet", {}, FILES.get
    )
    assert to_data(values) == {"chart": chart}


def test_every_leaf_names_the_program() -> None:
    values = evaluate("{ a: { b: [1, 'x\\ny'] } }", FILE, {}, FILES.get)
    assert [(node.mark.file, node.mark.line) for _, node in leaves(values)] == [(FILE, 0), (FILE, 0)]


def test_numbers_are_what_helm_makes_of_them() -> None:
    assert run("{ a: 1.0, b: 1e22, c: 0.1, d: 9223372036854775807, e: -0 }") == {
        "a": 1,
        "b": 1e22,
        "c": 0.1,
        "d": 9223372036854776000,
        "e": 0,
    }


@pytest.mark.parametrize(
    ("text", "message", "file", "line"),
    [
        ("{\n  a: error 'boom',\n}", "jsonnet: boom", FILE, 2),
        ("{\n  a: \n}", 'jsonnet: Unexpected: "}" while parsing terminal', FILE, 3),
        ("{\n  a: std.extVar('HUB')\n}", "jsonnet: Undefined external variable: HUB", FILE, 2),
        (
            "{\n\n  a: import 'nowhere.libsonnet'\n}",
            "jsonnet: the import 'nowhere.libsonnet' is not in the source",
            FILE,
            3,
        ),
        ("{ a: importstr '/etc/passwd' }", "jsonnet: the import '/etc/passwd' is not in the source", FILE, 1),
        ("{ a: importstr '../../../../etc/passwd' }", "is not in the source", FILE, 1),
        ("import 'broken.libsonnet'", "jsonnet: inside", "helm-charts/basehub/broken.libsonnet", 2),
        ("local f(x) = f(x + 1) + 1; { a: f(1) }", "max stack frames exceeded", FILE, 1),
        ("{ a: function(x) x }", "couldn't manifest function", FILE, 0),
        ("local a = { b: a }; a", "max stack frames exceeded", FILE, 0),
        ("[1]", "must give an object", FILE, 0),
        ("'text'", "must give an object", FILE, 0),
        ("", "Unexpected end of file", FILE, 1),
        ("[" * 5000, "jsonnet", FILE, 1),
    ],
)
def test_a_failing_program_is_an_error_with_its_own_message(text: str, message: str, file: str, line: int) -> None:
    with pytest.raises(ValuesError) as caught:
        run(text)
    fault = caught.value.faults[0]
    assert message in fault.message
    assert "RUNTIME" not in fault.message
    assert (fault.where.file, fault.where.line) == (file, line)


def test_values_nested_beyond_all_measure_are_refused() -> None:
    with pytest.raises(ValuesError):
        run("local a(n) = if n == 0 then 1 else [a(n - 1)]; { x: a(480) }")


def test_an_error_of_the_source_comes_through() -> None:
    def broken(path: str) -> str | None:
        raise SourceError(f"{path} cannot be read")

    with pytest.raises(SourceError, match=r"helm-charts/basehub/lib\.libsonnet cannot be read"):
        evaluate("import 'lib.libsonnet'", FILE, {}, broken)


def test_any_other_failure_while_reading_is_a_missing_import() -> None:
    def broken(path: str) -> str | None:
        raise OSError(path)

    with pytest.raises(TakeoutError, match="is not in the source"):
        evaluate("import 'lib.libsonnet'", FILE, {}, broken)
