import pytest

from takeout.adapt.context import Dependency
from takeout.replica.model import Layout
from takeout.replica.wording import place_paths
from takeout.values.node import Mapping, from_data

HUB = Dependency("jupyterhub", "jupyterhub", "4.3.3", "https://charts.example.org")
VALUES = from_data({"jupyterhub": {"hub": {"config": {"A": 1}}}, "dask": {"x": 1}})


@pytest.mark.parametrize(
    ("text", "plain", "umbrella"),
    [
        ("set `hub.config.B`", "set `hub.config.B`", "set `jupyterhub.hub.config.B`"),
        ("set `jupyterhub.hub.config.B: true`", "set `hub.config.B: true`", "set `jupyterhub.hub.config.B: true`"),
        ("at `singleuser.image`", "at `singleuser.image`", "at `jupyterhub.singleuser.image`"),
        ("at `hub.example.edu`", "at `hub.example.edu`", "at `hub.example.edu`"),
        ("open `https://hub.config/x`", "open `https://hub.config/x`", "open `https://hub.config/x`"),
        ("see `dask.x` and `values.yaml`", "see `dask.x` and `values.yaml`", "see `dask.x` and `values.yaml`"),
        ("`hub.image`", "`hub.image`", "`hub.image`"),
    ],
)
def test_paths_in_prose_are_as_the_replica_has_them(text: str, plain: str, umbrella: str) -> None:
    assert isinstance(VALUES, Mapping)
    assert place_paths(text, VALUES, Layout(False, HUB)) == plain
    assert place_paths(text, VALUES, Layout(True, HUB, (HUB,))) == umbrella
