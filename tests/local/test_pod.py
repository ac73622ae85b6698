from __future__ import annotations

import base64
import os
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from takeout.local.inside.mounts import Ground, Mount, translate
from takeout.local.inside.pod import expand, launch_of, quantity_bytes, quantity_cpus


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("jupyterhub-singleuser", "python3"):
        (programs / name).touch(mode=0o755)
    files = {"singleuser": {"motd": base64.b64encode(b"hello").decode()}}
    return Ground(tmp_path / "volumes", tmp_path / "root", programs, files)


def pod(**container: Any) -> dict[str, Any]:
    volumes = container.pop("volumes", [])
    own = {"name": "notebook", "command": ["jupyterhub-singleuser"], **container}
    return {"metadata": {"name": "jupyter-ada"}, "spec": {"containers": [own], "volumes": volumes}}


HOME = {"name": "home", "persistentVolumeClaim": {"claimName": "claim-ada"}}
HOME_MOUNT = {"name": "home", "mountPath": "/home/jovyan"}


def test_a_claim_is_a_folder_that_stays_and_home(ground: Ground) -> None:
    launch = launch_of(pod(volumes=[HOME], volumeMounts=[HOME_MOUNT], workingDir="/home/jovyan"), ground, {})
    assert launch.home == ground.volumes / "claim-ada"
    assert launch.cwd.resolve() == launch.home
    assert launch.environ["HOME"] == str(launch.home)
    assert launch.argv == (str(ground.programs / "jupyterhub-singleuser"),)


def test_a_sub_path_with_a_user_is_a_folder_below_the_claim(ground: Ground) -> None:
    mount = {**HOME_MOUNT, "subPath": "homes/ada"}
    assert (
        launch_of(pod(volumes=[HOME], volumeMounts=[mount]), ground, {}).home
        == ground.volumes / "claim-ada/homes/ada"
    )


def test_no_sub_path_leads_out_of_the_volume(ground: Ground) -> None:
    mount = {**HOME_MOUNT, "subPath": "../../../etc"}
    home = launch_of(pod(volumes=[HOME], volumeMounts=[mount]), ground, {}).home
    assert home.is_relative_to(ground.volumes / "claim-ada")


def test_a_shared_folder_is_a_link_in_the_home(ground: Ground) -> None:
    shared = {"name": "home", "mountPath": "/home/jovyan/shared", "subPath": "_shared", "readOnly": True}
    mounts = [shared, {**HOME_MOUNT, "subPath": "ada"}]
    launch = launch_of(pod(volumes=[HOME], volumeMounts=mounts), ground, {})
    assert "/home/jovyan/shared can be written to here; on a cluster it is read-only" in launch.notes
    (launch.home / "shared" / "table.csv").write_text("1")
    assert (ground.volumes / "claim-ada/_shared/table.csv").read_text() == "1"
    again = launch_of(pod(volumes=[HOME], volumeMounts=mounts), ground, {})
    assert (again.home / "shared").is_symlink()


def test_a_real_folder_of_the_user_is_not_taken_for_the_mount(ground: Ground) -> None:
    own = ground.volumes / "claim-ada/ada/shared"
    own.mkdir(parents=True)
    (own / "mine.txt").write_text("keep")
    shared = {"name": "home", "mountPath": "/home/jovyan/shared", "subPath": "_shared"}
    launch_of(pod(volumes=[HOME], volumeMounts=[{**HOME_MOUNT, "subPath": "ada"}, shared]), ground, {})
    assert (own / "mine.txt").read_text() == "keep"


def test_files_of_a_secret_are_there_with_their_modes_and_run(ground: Ground) -> None:
    items = [{"key": "motd", "path": "motd", "mode": 0o755}]
    volume = {"name": "files", "secret": {"secretName": "singleuser", "items": items}}
    mount = {"name": "files", "mountPath": "/mnt/check", "subPath": "motd"}
    launch = launch_of(
        pod(volumes=[volume], volumeMounts=[mount], command=["/mnt/check", "jupyterhub-singleuser"]), ground, {}
    )
    program = Path(launch.argv[0])
    assert program.read_text() == "hello"
    assert os.access(program, os.X_OK)
    assert launch.argv[1] == "jupyterhub-singleuser"


def test_a_secret_that_is_not_at_hand_is_noted(ground: Ground) -> None:
    volume = {"name": "keys", "secret": {"secretName": "theirs"}}
    launch = launch_of(pod(volumes=[volume], volumeMounts=[{"name": "keys", "mountPath": "/keys"}]), ground, {})
    assert any("theirs" in note for note in launch.notes)


def test_paths_in_command_and_environment_lead_to_the_folders(ground: Ground) -> None:
    env = [
        {"name": "SCRATCH", "value": "/home/jovyan/scratch"},
        {"name": "OTHER", "value": "/home/jovyanne:/opt/home/jovyan"},
        {"name": "JUPYTERHUB_SERVICE_PREFIX", "value": "/home/jovyan/"},
    ]
    command = ["jupyterhub-singleuser", "--notebook-dir=/home/jovyan/work"]
    launch = launch_of(pod(volumes=[HOME], volumeMounts=[HOME_MOUNT], env=env, command=command), ground, {})
    assert Path(launch.environ["SCRATCH"]).parent.resolve() == launch.home
    assert launch.environ["OTHER"] == "/home/jovyanne:/opt/home/jovyan"
    assert launch.environ["JUPYTERHUB_SERVICE_PREFIX"] == "/home/jovyan/"
    assert Path(launch.argv[1].partition("=")[2]).parent.resolve() == launch.home


def test_without_a_volume_the_home_goes_with_the_pod(ground: Ground) -> None:
    launch = launch_of(pod(workingDir="/home/jovyan"), ground, {})
    assert launch.home == ground.root / "home"
    assert any("gone with the server" in note for note in launch.notes)


def test_tmp_is_the_pods_own(ground: Ground) -> None:
    env = [{"name": "JUPYTER_RUNTIME_DIR", "value": "/tmp/.runtime"}]  # noqa: S108
    launch = launch_of(pod(env=env), ground, {})
    assert Path(launch.environ["JUPYTER_RUNTIME_DIR"]).is_relative_to(ground.root)


def test_jupyter_finds_configuration_that_an_image_would_have_in_system_folders(ground: Ground) -> None:
    volume = {"name": "files", "secret": {"secretName": "singleuser", "items": [{"key": "motd", "path": "motd"}]}}
    mounts = [
        {"name": "files", "mountPath": f"{folder}", "subPath": "motd"}
        for folder in ("/usr/local/etc/jupyter/x.json", "/srv/conda/share/jupyter/lab/y.json", "/etc/gitconfig")
    ]
    environ = launch_of(pod(volumes=[volume], volumeMounts=mounts), ground, {}).environ
    assert (Path(environ["JUPYTER_CONFIG_PATH"]) / "x.json").read_text() == "hello"
    assert (Path(environ["JUPYTER_PATH"]) / "lab/y.json").read_text() == "hello"
    assert Path(environ["GIT_CONFIG_SYSTEM"]).read_text() == "hello"


def test_nothing_of_this_machines_environment_leaks(ground: Ground) -> None:
    given = {"AWS_SECRET_ACCESS_KEY": "x", "LANG": "C.UTF-8", "https_proxy": "http://proxy", "PYTHONPATH": "/x"}
    environ = launch_of(pod(), ground, given).environ
    assert environ["LANG"] == "C.UTF-8"
    assert environ["https_proxy"] == "http://proxy"
    assert {"AWS_SECRET_ACCESS_KEY", "PYTHONPATH"} & set(environ) == set()


def test_variables_refer_to_earlier_ones_as_in_kubernetes(ground: Ground) -> None:
    env = [
        {"name": "USER_NAME", "value": "ada"},
        {"name": "BUCKET", "value": "s3://x/$(USER_NAME)"},
        {"name": "KEPT", "value": "$$(USER_NAME) $(NOBODY)"},
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
    ]
    launch = launch_of(pod(env=env), ground, {})
    assert launch.environ["BUCKET"] == "s3://x/ada"
    assert launch.environ["KEPT"] == "$(USER_NAME) $(NOBODY)"
    assert "NODE" not in launch.environ
    assert any("NODE" in note for note in launch.notes)


def test_limits_are_those_of_the_manifest(ground: Ground) -> None:
    launch = launch_of(pod(resources={"limits": {"memory": 2147483648, "cpu": "500m"}}), ground, {})
    assert (launch.memory_bytes, launch.cpus) == (2147483648, 0.5)


@pytest.mark.parametrize(
    ("command", "tail"),
    [
        (None, ["jupyterhub-singleuser"]),
        (["start-notebook.sh", "--debug"], ["jupyterhub-singleuser", "--debug"]),
        (["/srv/start", "jupyterhub-singleuser", "--a=1"], ["jupyterhub-singleuser", "--a=1"]),
        (["python3", "-c", "print(1)"], ["python3", "-c", "print(1)"]),
        (["/opt/conda/bin/jupyterhub-singleuser"], ["jupyterhub-singleuser"]),
    ],
)
def test_a_command_of_the_image_becomes_one_that_is_here(
    ground: Ground, command: list[str] | None, tail: list[str]
) -> None:
    argv = launch_of(pod(command=command), ground, {}).argv
    assert list(argv) == [str(ground.programs / tail[0]), *tail[1:]]


def test_what_is_not_run_is_noted(ground: Ground) -> None:
    asked = pod(lifecycle={"postStart": {}})
    asked["spec"]["initContainers"] = [{"name": "chown"}]
    asked["spec"]["containers"].append({"name": "db"})
    notes = " ".join(launch_of(asked, ground, {}).notes)
    assert "chown" in notes
    assert "db" in notes
    assert "postStart" in notes


def test_the_longest_mount_wins() -> None:
    mounts = [Mount(PurePosixPath("/data"), Path("/x")), Mount(PurePosixPath("/data/in"), Path("/y"))]
    assert translate("/data/in/f /data/f", mounts, Path("/t")) == "/t/data/in/f /t/data/f"


@pytest.mark.parametrize(
    ("text", "size"),
    [("1Gi", 1024**3), ("1.5G", 1_500_000_000), ("128974848", 128974848), (None, None), ("12e6", 12_000_000)],
)
def test_memory(text: str | None, size: int | None) -> None:
    assert quantity_bytes(text) == size


@pytest.mark.parametrize(("text", "cpus"), [("250m", 0.25), ("2", 2.0), (0.5, 0.5), (None, None)])
def test_cpus(text: object, cpus: float | None) -> None:
    assert quantity_cpus(text) == cpus


def test_an_unknown_variable_stays() -> None:
    assert expand("$(A)-$(B)-$$", {"A": "1"}) == "1-$(B)-$"
