"""A real cluster for tests: any that KUBECONFIG names, or the one that ``tests/cluster/up`` starts here."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from cluster.handle import Handle
from cluster.machine.images import provide
from cluster.machine.places import find_places

_FIXTURES = {"cluster", "lab", "live"}
"""A test that asks for one of them needs a cluster, whether it says so or not."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="session")
def cluster() -> Handle:
    """The cluster; one that does not answer is an error, for somebody said that there is one."""
    kubeconfig = os.environ.get("KUBECONFIG", "")
    if os.environ.get("TAKEOUT_TEST_CLUSTER") != "1" or not kubeconfig:
        pytest.skip(
            "no cluster may be used: set KUBECONFIG and TAKEOUT_TEST_CLUSTER=1, or run `make test-cluster`"
        )
    places = find_places()
    ours = Path(kubeconfig).resolve() == places.kubeconfig.resolve()
    kubectl = str(places.bin / "kubectl") if ours else shutil.which("kubectl")
    if not kubectl:
        pytest.skip("there is no kubectl")
    handle = Handle(kubectl=kubectl, kubeconfig=kubeconfig, ours=ours)
    handle.ask("get", "--raw", "/readyz")
    return handle


@pytest.fixture
def namespace(cluster: Handle) -> Iterator[Handle]:
    """A namespace of the test's own, and the way to it; removed after."""
    name = f"takeout-test-{secrets.token_hex(4)}"
    cluster.ask("create", "namespace", name)
    yield cluster.within(name)
    cluster.ask("delete", "namespace", name, "--timeout=220s")


@pytest.fixture(scope="session")
def images(cluster: Handle) -> Callable[[Iterable[str]], None]:
    """Have the cluster know images by these names; a cluster that is not ours must have or pull them itself."""

    def have(names: Iterable[str]) -> None:
        if cluster.ours:
            provide(find_places(), names, lambda _: None)

    return have
