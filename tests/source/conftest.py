"""Small sources that the tests write themselves."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Files = Mapping[str, str | bytes]
Write = Callable[[Path, Files], Path]
Commit = Callable[[Path, Files], str]

IDENTITY = {
    "GIT_AUTHOR_NAME": "A Person",
    "GIT_AUTHOR_EMAIL": "person@example.org",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
    "GIT_COMMITTER_NAME": "A Person",
    "GIT_COMMITTER_EMAIL": "person@example.org",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}

CLUSTER = """\
name: reef
provider: gcp
provider_url: https://console.example.com/reef
metadata:
  acme:
    deal: 7
gcp:
  project: acme-reef-77
  cluster: reef-cluster
  zone: europe-west1-b
hubs:
- name: staging
  display_name: Reef staging
  domain: staging.reef.acme.cloud
  helm_chart: basehub
  helm_chart_values_files:
  - common.values.yaml
  - staging.values.yaml
  - enc-staging.secret.values.yaml
- name: prod
  display_name: Corail de la Réunion
  domain: reef.acme.cloud
  helm_chart: daskhub
  helm_chart_values_files:
  - prod.values.yaml
"""

ENCRYPTED = """\
jupyterhub:
  hub:
    config:
      GitHubOAuthenticator:
        client_id: ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]
        client_secret: ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]
sops:
  version: 3.9.0
"""

BASEHUB = """\
jupyterhub:
  custom:
    acme:
      staff_github_ids: [ann-of-acme]
      staff_google_ids: [ann@acme.example]
  singleuser:
    defaultUrl: /lab
"""

LISTED: Files = {
    "config/clusters/reef/cluster.yaml": CLUSTER,
    "config/clusters/reef/common.values.yaml": "jupyterhub:\n  singleuser:\n    defaultUrl: /tree\n",
    "config/clusters/reef/staging.values.yaml": "jupyterhub:\n  ingress:\n    hosts: [staging.reef.acme.cloud]\n",
    "config/clusters/reef/enc-staging.secret.values.yaml": ENCRYPTED,
    "config/clusters/reef/prod.values.yaml": (
        "basehub:\n  jupyterhub:\n    ingress:\n      hosts: [reef.acme.cloud]\n"
        "    singleuser:\n      extraEnv:\n        SCRATCH_BUCKET: s3://acme-reef-scratch/$(JUPYTERHUB_USER)\n"
    ),
    "helm-charts/basehub/Chart.yaml": (
        "apiVersion: v2\nname: basehub\nversion: 0.1.0\ndependencies:\n"
        "- name: jupyterhub\n  version: 4.3.3\n  repository: https://jupyterhub.github.io/helm-chart/\n"
        "- name: dask-gateway\n  version: 2026.3.0\n  repository: https://helm.dask.org/\n"
        "  condition: dask-gateway.enabled\n"
    ),
    "helm-charts/basehub/values.yaml": BASEHUB,
    "helm-charts/basehub/templates/nfs.yaml": "{{ .Values.nfs }}\n",
    "helm-charts/daskhub/Chart.yaml": (
        "apiVersion: v2\nname: daskhub\nversion: 0.1.0\ndependencies:\n"
        "- name: basehub\n  version: 0.1.0\n  repository: file://../basehub\n"
    ),
}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the tests' git from the user's configuration, and from the user's cache."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def write() -> Write:
    """Write files below a directory and return it."""
    return _write


@pytest.fixture
def commit() -> Commit:
    """Write files below a directory, commit them, and return the commit's hash."""
    return _commit


@pytest.fixture
def listed() -> Files:
    """A source of two hubs whose values files are listed in the cluster file (E6)."""
    return LISTED


@pytest.fixture
def secret() -> str:
    """A values file that sops encrypted."""
    return ENCRYPTED


def _write(root: Path, files: Files) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def _commit(root: Path, files: Files) -> str:
    root.mkdir(parents=True, exist_ok=True)
    if not (root / ".git").exists():
        _git(root, "init", "--quiet", "--initial-branch=main")
    _write(root, files)
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--allow-empty", "-m", "files")
    return _git(root, "rev-parse", "HEAD")


def _git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout.strip()
