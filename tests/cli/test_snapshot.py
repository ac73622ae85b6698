"""Every hub of a real source."""

import json
from pathlib import Path

import helm_python

from cli.helpers import Run
from takeout.replica.replicate import Wishes, replicate_all
from takeout.source import open_source
from takeout.values.node import leaves, to_data
from takeout.values.path import format_path
from takeout.values.read import read_yaml

HUBS = 145


def test_every_hub_is_replicated_closed_and_read_back_as_it_was(snapshot: Path, tmp_path: Path, run: Run) -> None:
    outcomes = replicate_all(open_source(str(snapshot)), Wishes("{hub}.example.edu"), tmp_path)

    assert len(outcomes) == HUBS
    assert [str(outcome.error) for outcome in outcomes if outcome.error] == []
    for outcome in outcomes:
        assert outcome.replica is not None
        assert [str(finding.message) for finding in outcome.replica.surprises] == [], outcome.entry.id
        text = (outcome.directory / "values.yaml").read_text(encoding="utf-8")
        assert helm_python.values_from_yaml(text) == to_data(outcome.replica.values), outcome.entry.id
        duplicates = [f for f in read_yaml(text, "values.yaml").faults if f.code == "duplicate-key"]
        assert duplicates == [], outcome.entry.id
        lock = json.loads((outcome.directory / "takeout.json").read_text(encoding="utf-8"))
        assert list(lock["provenance"]) == [format_path(path) for path, _ in leaves(outcome.replica.values)]

    arguments = ("--source", snapshot, "--domain", "{hub}.example.edu", "--json")
    again = run("hub", "replicate", "--all", "--to", tmp_path, *arguments)

    assert again.code == 0
    assert (again.json["closed"], again.json["failed"]) == (HUBS, 0)
    touched = [hub["hub"] for hub in again.json["hubs"] if hub["created"] or hub["updated"] or hub["removed"]]
    assert touched == []
