"""The hub's own pages, out of a repository."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.trying import a_try
from takeout.local.browser import Browser
from takeout.local.homepage import Clone, clones_of, lay_out

MakeReplica = Callable[..., Path]

CLONE = {
    "name": "templates-clone",
    "command": ["/bin/sh"],
    "args": ["-c", "rm -rf /srv/t/repo;\ngit clone ${URL} /srv/t/repo\n"],
    "env": [{"name": "URL", "value": "https://git.example/pages"}],
    "volumeMounts": [{"name": "pages", "mountPath": "/srv/t"}],
}
SYNC = {
    "name": "sync",
    "args": ["-c", "git fetch; git reset --hard origin/$(BRANCH); sleep 1"],
    "env": [{"name": "BRANCH", "value": "reef"}],
}
TEMPLATES, ASSETS = "/usr/local/share/jupyterhub/pages", "/usr/local/share/jupyterhub/static/extra"
MOUNTS = [
    {"name": "pages", "mountPath": TEMPLATES, "subPath": "repo/templates"},
    {"name": "pages", "mountPath": ASSETS, "subPath": "repo/assets"},
    {"name": "other", "mountPath": "/etc/other"},
]


def hub(container: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"hub": {"initContainers": [container], "extraVolumeMounts": MOUNTS, **more}}


def test_what_a_script_would_clone_is_found_with_where_the_hub_sees_it() -> None:
    seen = {TEMPLATES: "templates", ASSETS: "assets"}
    assert clones_of(hub(CLONE)) == [Clone("https://git.example/pages", "", seen)]
    assert clones_of(hub(CLONE, extraContainers={"sync": SYNC}))[0].branch == "reef"


@pytest.mark.parametrize(
    "command",
    [
        ["git", "clone", "--depth", "1", "-b", "reef", "--", "https://git.example/pages", "/srv/t/repo"],
        ["clone", "--branch=reef", "$(URL)", "/srv/t/repo"],
    ],
)
def test_options_of_git_are_understood(command: list[str]) -> None:
    (found,) = clones_of(hub({**CLONE, "command": [], "args": command}))
    assert (found.url, found.branch) == ("https://git.example/pages", "reef")


@pytest.mark.parametrize("script", ["echo hello", "git clone https://git.example/pages", "git clone 'broken"])
def test_other_containers_are_left_alone(script: str) -> None:
    assert clones_of(hub({**CLONE, "args": ["-c", script]})) == []
    assert clones_of({}) == []


def test_what_cannot_be_fetched_is_said(tmp_path: Path) -> None:
    for url in (f"file://{tmp_path}/none", "no address"):
        pages, notes = lay_out([Clone(url, "", {TEMPLATES: "."})], tmp_path / "pages")
        assert pages == {}
        assert url in notes[0]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    for name, text in {
        "templates/login.html": '{% extends "templates/login.html" %}{% block main %}'
        '<p>Come in to the reef.</p><a href="{{ authenticator_login_url }}">Log in</a>{% endblock %}',
        "assets/reef.css": "body { color: teal }",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "one")):
        subprocess.run(["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.c", *command], check=True)
    return folder


@pytest.mark.usefixtures("environment")
def test_the_hub_shows_its_own_login_page_and_people_can_log_in(
    make_replica: MakeReplica, repository: Path
) -> None:
    container = {**CLONE, "env": [{"name": "URL", "value": repository.as_uri()}]}
    own = {**hub(container)["hub"], "templatePaths": [TEMPLATES], "extraContainers": []}
    replica = make_replica("lagoon/teaching")
    values = {"hub": own}
    local = {"jupyterhub": values} if (replica / "Chart.yaml").exists() else values
    (replica / "local.values.yaml").write_text(yaml.safe_dump(local))

    with a_try(replica) as (_, said), Browser(said["url"], "ada") as ada:
        page = ada._get("hub/login").text
        assert "Come in to the reef." in page
        assert 'href="/hub/takeout-login' in page
        assert 'type="password"' in ada._get("hub/takeout-login").text
        assert "teal" in ada._get("hub/static/extra/reef.css").text
        assert ada._get("hub/static/css/style.min.css").text
        ada.log_in(said["password"])
        assert ada._get("hub/home").status_code == 200
