from collections.abc import Callable
from pathlib import Path

import pytest

from takeout.errors import DirectoryError, OptionError
from takeout.replica.explain import Writer, explain
from takeout.replica.model import Replica
from takeout.replica.shorten import HIDDEN
from takeout.replica.write import write


@pytest.fixture
def directory(make_replica: Callable[..., Replica], tmp_path: Path) -> Path:
    write(make_replica(), tmp_path)
    return tmp_path


def test_a_value_says_who_wrote_it_and_what_it_replaced(directory: Path) -> None:
    (story,) = explain(directory, "hub.config.JupyterHub.authenticator_class")

    assert story.value == "github"
    assert story.writers == (Writer("hubs/reef.yaml", 5, "github"), Writer("charts/values.yaml", 7, "dummy"))
    assert story.writers[0].place == "hubs/reef.yaml:5"
    assert story.rules == ()


def test_a_subtree_is_all_its_leaves(directory: Path) -> None:
    assert [story.path for story in explain(directory, "singleuser.image")] == [
        "singleuser.image.name",
        "singleuser.image.tag",
    ]


def test_the_umbrellas_name_may_be_there_or_not(directory: Path) -> None:
    assert explain(directory, "jupyterhub.singleuser.image") == explain(directory, "singleuser.image")


def test_a_rule_says_why(directory: Path) -> None:
    (story,) = explain(directory, "hub.config.Authenticator.admin_users")

    assert story.value == "ada"
    assert [writer.layer for writer in story.writers] == ["rule:T03", "charts/values.yaml"]
    assert story.rules == (("T03", "Take out the operator's admins. They could read all homes."),)


def test_what_was_removed_says_so(directory: Path) -> None:
    (story,) = explain(directory, "singleuser.extraEnv.STATUS_PAGE")

    assert story.removed
    assert story.writers[0] == Writer("rule:T01", 0, "", "it is the operator's page")
    assert story.writers[1].value == "https://status.tidewater.example"
    assert story.rules[0][0] == "T01"


def test_the_owners_values_win(directory: Path) -> None:
    (directory / "local.values.yaml").write_text("singleuser:\n  memory:\n    limit: 9G\n  cpu: {limit: 3}\n")

    (memory,) = explain(directory, "singleuser.memory")
    assert memory.value == "9G"
    assert [writer.layer for writer in memory.writers] == ["local.values.yaml", "hubs/reef.yaml"]
    assert memory.writers[0].line == 3
    (cpu,) = explain(directory, "singleuser.cpu.limit")
    assert [writer.layer for writer in cpu.writers] == ["local.values.yaml"]


def test_the_owners_null_hides_what_is_below(directory: Path) -> None:
    (directory / "local.values.yaml").write_text("singleuser: {memory: null}\n")

    stories = {story.path: story for story in explain(directory, "singleuser.memory")}

    assert stories["singleuser.memory.limit"].value == "null"
    assert stories["singleuser.memory.limit"].writers[0].layer == "local.values.yaml"


def test_a_secret_is_not_shown_but_an_unfilled_one_is(directory: Path) -> None:
    (token,) = explain(directory, "hub.services.grader.apiToken")
    assert (token.value, token.secret) == (HIDDEN, True)
    story = explain(directory, "hub.config.GitHubOAuthenticator")[0]
    assert story.value == "<fill in: hub.config.GitHubOAuthenticator.client_secret>"


def test_an_unknown_key_brings_the_nearest(directory: Path) -> None:
    with pytest.raises(OptionError, match="no value") as caught:
        explain(directory, "singleuser.imag")
    assert "singleuser.image" in caught.value.hint


def test_a_key_that_is_no_path_is_refused(directory: Path) -> None:
    with pytest.raises(OptionError, match="not a path") as caught:
        explain(directory, "a..b")
    assert "joined by dots" in caught.value.hint


def test_everything_is_explained(directory: Path, make_replica: Callable[..., Replica]) -> None:
    stories = explain(directory)

    assert all(story.writers for story in stories)
    provenance = make_replica().lock["provenance"]
    assert isinstance(provenance, dict)
    # the empty mapping that secrets.yaml fills is no value of its own
    missing = set(provenance) - {story.path for story in stories}
    assert missing == {"hub.config.GitHubOAuthenticator"}


def test_no_replica_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DirectoryError, match="no such directory"):
        explain(tmp_path / "nowhere")
    with pytest.raises(DirectoryError, match="not a replica"):
        explain(tmp_path)
