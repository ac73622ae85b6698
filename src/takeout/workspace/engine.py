"""Docker and Podman: which of them answers, and how one of them runs a hub's image on a home."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from takeout.workspace.pythons import Maker, tail

_ENGINES = ("docker", "podman")


@dataclass(frozen=True, slots=True)
class Container:
    """The hub's image, run here on a home.

    Attributes:
        engine: Docker's or Podman's program.
        image: The image.
        home: Where the home is in it: where it was on the hub, so that absolute paths work.
        user: Numbers of the user and the group that own the home's files here.
        interface: Jupyter's program in it, ``lab`` or ``notebook``.
    """

    engine: str
    image: str
    home: str
    user: str
    interface: str = "lab"

    @property
    def name(self) -> str:
        """The engine's name."""
        return Path(self.engine).stem

    def run(self, home: Path, *options: str) -> list[str]:
        """Return the words that run a command in the image; the command follows them."""
        own = ["--user", self.user, "--workdir", self.home, "--mount", _mount(home, self.home)]
        # The numbers of a home's owner here have no name in the image; programs that ask for one look here.
        own += ["--env", f"HOME={self.home}", "--env", f"USER={Path(self.home).name}"]
        # Where SELinux confines containers, a home would have to be relabelled for one to read it.
        own += ["--security-opt", "label=disable"]
        if self.name == "podman" and os.geteuid():
            own += ["--userns", "keep-id"]
        return [self.engine, "run", "--rm", *own, *options, self.image]


def _mount(home: Path, inside: str) -> str:
    """Return a bind mount, each field in quotes where it has what separates fields."""
    fields = ["type=bind", f"source={home.absolute()}", f"target={inside}"]
    marks = set(',"')
    return ",".join('"' + each.replace('"', '""') + '"' if marks & set(each) else each for each in fields)


def find_engine(maker: Maker) -> tuple[str, tuple[str, ...]]:
    """Return an engine that answers, or nothing, and what those said that do not."""
    silent = []
    for name in _ENGINES:
        program = shutil.which(name, path=maker.environ.get("PATH", os.defpath))
        if program:
            done = maker.run([program, "ps", "--quiet"])
            if done.returncode == 0:
                return program, ()
            silent.append(f"{name} is here and does not answer: {tail(done)}")
    return "", tuple(silent)


def fetch_image(container: Container, maker: Maker) -> str:
    """See to it that the image is here, and return what went wrong, or nothing."""
    if maker.run([container.engine, "image", "inspect", container.image]).returncode == 0:
        return ""
    done = maker.run([container.engine, "pull", "--quiet", container.image])
    return tail(done) if done.returncode else ""


def remove_labelled(engine: str, label: str, environ: Mapping[str, str]) -> None:
    """Remove containers with a label, also those that run: whoever started them was killed before it could."""
    maker = Maker("", environ)
    left = maker.run([engine, "ps", "--all", "--quiet", "--filter", f"label={label}"]).stdout.split()
    if left:
        maker.run([engine, "rm", "--force", *left])


def qualified(image: str, engine: str) -> str:
    """Return an image's name as an engine finds it: only Docker knows where a name without a registry is from.

    Source: https://docs.podman.io/en/latest/markdown/podman-pull.1.html
    """
    first = image.split("/", maxsplit=1)[0]
    if Path(engine).stem == "docker" or "." in first or ":" in first or first == "localhost":
        return image
    return f"docker.io/{image}" if "/" in image else f"docker.io/library/{image}"
