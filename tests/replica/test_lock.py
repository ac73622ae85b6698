import json
from collections.abc import Callable

from takeout.replica.lock import dump_lock
from takeout.replica.model import Replica
from takeout.replica.recall import actions_of, context_of, keeps_of, layout_of
from takeout.values.node import leaves
from takeout.values.path import format_path

MakeReplica = Callable[..., Replica]


def recalled(replica: Replica) -> dict[str, object]:
    lock: dict[str, object] = json.loads(dump_lock({**replica.lock, "files": {"a": "b"}}))
    return lock


def test_every_leaf_has_its_provenance(make_replica: MakeReplica) -> None:
    replica = make_replica()
    lock = recalled(replica)

    assert isinstance(lock["provenance"], dict)
    assert list(lock["provenance"]) == [format_path(path) for path, _ in leaves(replica.values)]
    layers = lock["layers"]
    assert isinstance(layers, list)
    assert layers[:2] == ["charts/values.yaml", "hubs/reef.yaml"]
    assert all(entry[0] < len(layers) for entry in lock["provenance"].values())


def test_what_the_lock_remembers_is_what_was_known(make_replica: MakeReplica) -> None:
    replica = make_replica("dask: {enabled: true}\n")
    lock = recalled(replica)

    assert layout_of(lock) == replica.layout
    assert actions_of(lock) == replica.adaptation.actions
    assert keeps_of(lock) == replica.adaptation.keeps
    context = context_of(lock)
    assert context.options == replica.context.options
    assert context.target == replica.context.target
    assert context.hub.domain == "reef.tidewater.example"


def test_long_sections_have_one_entry_on_a_line(make_replica: MakeReplica) -> None:
    text = dump_lock(make_replica().lock)

    assert '\n  "singleuser.image.name": [0,' in text
    assert text.endswith("}\n")
