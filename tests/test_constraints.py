from importlib.metadata import distributions
from pathlib import Path

CONSTRAINTS = Path(__file__).resolve().parent.parent / "requirements" / "constraints.txt"
UNPINNED = {"pip", "setuptools", "jupyterhub-takeout"}


def canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def test_what_the_tests_run_with_is_what_the_lock_says() -> None:
    lines = [line for line in CONSTRAINTS.read_text().splitlines() if line and not line.startswith("#")]
    pinned = {canonical(name): version for name, _, version in (line.partition("==") for line in lines)}
    installed = {canonical(found.metadata["Name"]): found.version for found in distributions()}
    strays = {name: version for name, version in installed.items() if pinned.get(name) != version}
    assert strays.keys() <= UNPINNED, f"run `make lock`: {strays}"
