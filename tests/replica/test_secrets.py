import pytest

from takeout.adapt.context import Dependency
from takeout.adapt.rule import Secret
from takeout.errors import ValuesError
from takeout.replica.model import Layout
from takeout.replica.secrets import add_secrets, secret_entries, secrets_file, unfilled
from takeout.values.node import Mapping, find, from_data, to_data
from takeout.values.read import read_yaml

PLAIN = Layout(False, Dependency("jupyterhub", "jupyterhub", "4.3.3", "https://charts.example.org"))


def document(data: object) -> Mapping:
    node = from_data(data)  # type: ignore[arg-type]
    assert isinstance(node, Mapping)
    return node


def test_random_values_differ_from_run_to_run_and_have_their_form() -> None:
    asked = (Secret("jupyterhub.a", "A key.", "hex32"), Secret("jupyterhub.b", "A password.", "password"))
    entries = secret_entries(asked, Mapping(), PLAIN)
    first, second = (to_data(add_secrets(Mapping(), entries)[0]) for _ in range(2))

    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert int(str(first["a"]), 16) >= 0
    assert len(str(first["a"])) == 64
    assert len(str(first["b"])) == 43
    assert first["a"] != second["a"]
    assert first["b"] != second["b"]


def test_a_placeholder_says_its_path_and_a_comment_says_what_for() -> None:
    asked = (Secret("jupyterhub.hub.config.A.client_id", "The id. " * 30),)
    text = secrets_file(add_secrets(Mapping(), secret_entries(asked, Mapping(), PLAIN))[0], new=True)

    assert text.startswith("# The hub's secrets.")
    assert "# The id. The id." in text
    assert all(len(line) <= 115 for line in text.splitlines())
    values = read_yaml(text, "secrets.yaml").values
    assert unfilled(values) == [("hub", "config", "A", "client_id")]


def test_what_is_there_stays() -> None:
    entries = secret_entries((Secret("jupyterhub.a.b", "A key.", "hex32"),), Mapping(), PLAIN)

    kept, added = add_secrets(document({"a": {"b": "mine"}, "c": 1}), entries)

    assert added == ()
    assert to_data(kept) == {"a": {"b": "mine"}, "c": 1}


@pytest.mark.parametrize(
    ("there", "shared"),
    [({}, None), ({"a": "mine"}, "mine"), ({"b": "mine"}, "mine"), ({"a": "<fill in: a>"}, None)],
)
def test_two_secrets_that_must_agree_have_one_value(there: dict[str, str], shared: str | None) -> None:
    asked = (
        Secret("jupyterhub.a", "A token.", "hex32", same_as="jupyterhub.b"),
        Secret("jupyterhub.b", "A token.", "hex32", same_as="jupyterhub.a"),
    )
    made = to_data(add_secrets(document(there), secret_entries(asked, Mapping(), PLAIN))[0])

    assert isinstance(made, dict)
    if shared is not None:
        assert made == {"a": shared, "b": shared}
    else:
        assert len(str(made["b"])) == 64
        assert made["a"] == there.get("a", made["b"])


def test_a_secret_in_a_list_takes_the_whole_list_along() -> None:
    values = document({"jupyterhub": {"list": [{"name": "a", "url": "x"}, {"name": "b"}]}})
    entries = secret_entries((Secret("jupyterhub.list[1].token", "A token."),), values, PLAIN)

    made, added = add_secrets(Mapping(), entries)

    assert added == (("list", 1, "token"),)
    assert to_data(made) == {
        "list": [{"name": "a", "url": "x"}, {"name": "b", "token": "<fill in: list[1].token>"}]
    }


def test_something_in_the_way_is_an_error_with_its_place() -> None:
    entries = secret_entries((Secret("jupyterhub.a.b", "A key."),), Mapping(), PLAIN)

    with pytest.raises(ValuesError, match="no room for a secret") as caught:
        add_secrets(document({"a": "text"}), entries)

    assert caught.value.where is not None
    assert caught.value.where.path == "a.b"


def test_entries_are_laid_out_as_the_replica_is() -> None:
    umbrella = Layout(True, PLAIN.jupyterhub, (Dependency("dask", "dask", "1", "https://x"),))
    asked = (Secret("jupyterhub.a", "A."), Secret("dask.b", "B."))

    assert [entry.path for entry in secret_entries(asked, Mapping(), umbrella)] == [
        ("jupyterhub", "a"),
        ("dask", "b"),
    ]
    assert [entry.path for entry in secret_entries(asked, Mapping(), PLAIN)] == [("a",), ("dask", "b")]
    assert find(Mapping(), ("a",)) is None
