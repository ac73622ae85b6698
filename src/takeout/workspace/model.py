"""What was captured on a hub, as the document says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Package:
    """A Python distribution.

    Attributes:
        name: Its name.
        version: Its version.
        installer: What installed it: ``pip``, ``conda``, ``uv``; empty where it is not told.
        url: Where it came from, in place of an index, as pip takes it.
        editable: The folder on the hub in which it was worked on.
        commit: The commit, where it came from a repository.
        subdirectory: Its folder in that repository.
    """

    name: str
    version: str
    installer: str = ""
    url: str = ""
    editable: str = ""
    commit: str = ""
    subdirectory: str = ""


@dataclass(frozen=True, slots=True)
class CondaPackage:
    """A conda package: its channel is a name or an address, ``subdir`` its platform."""

    name: str
    version: str
    build: str
    channel: str = ""
    subdir: str = ""


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python environment on the hub.

    Attributes:
        prefix: Its folder.
        version: Python's version.
        packages: Its distributions, by name.
        conda: Its conda packages; none where it is no conda environment.
        channels: Conda's channels, the one to prefer first.
        asked: What somebody asked conda for.
    """

    prefix: str
    version: str
    packages: tuple[Package, ...] = ()
    conda: tuple[CondaPackage, ...] = ()
    channels: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()

    @property
    def minor(self) -> str:
        """Python's version without its last number, such as ``3.11``."""
        return ".".join(self.version.split(".")[:2])


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernelspec.

    Attributes:
        name: Its name, which notebooks name.
        display_name: What a person sees.
        language: Its language.
        argv: What starts it.
        environment: The prefix of its Python environment.
        program: The interpreter that it ends up in.
        variables: The names of the variables that it sets.
        place: Its folder; empty where it is offered by a program and in no file.
    """

    name: str
    display_name: str
    language: str
    argv: tuple[str, ...]
    environment: str = ""
    program: str = ""
    variables: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook; ``ran`` and ``failed`` count code cells as saved, ``problem`` says why it was not read."""

    path: str
    kernel: str = ""
    display_name: str = ""
    language: str = ""
    cells: int = 0
    ran: int = 0
    failed: int = 0
    imports: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class HubPath:
    """An absolute path in a file; ``cell`` and ``line`` count from 1, and ``cell`` is 0 in a script."""

    file: str
    path: str
    cell: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class RPackage:
    """An R package; ``remotetype`` and the fields after it say where it came from, in place of CRAN."""

    package: str
    version: str
    priority: str = ""
    repository: str = ""
    remotetype: str = ""
    remoteusername: str = ""
    remoterepo: str = ""
    remotesha: str = ""


@dataclass(frozen=True, slots=True)
class RLibrary:
    """An R and its packages."""

    version: str
    packages: tuple[RPackage, ...] = ()


@dataclass(frozen=True, slots=True)
class JuliaProject:
    """A shared environment of Julia: the texts of its two files."""

    name: str
    project: str
    manifest: str = ""


@dataclass(frozen=True, slots=True)
class Captured:
    """Everything that was captured.

    Attributes:
        captured: When, as ISO 8601 in UTC.
        home: The home on the hub.
        homes: All names by which it was known there, the longest first.
        image: The image with its tag; empty where it is not known.
        settings: JupyterLab's settings: files' names and texts.
        extensions: JupyterLab's extensions: names and versions.
    """

    captured: str
    home: str
    homes: tuple[str, ...]
    image: str
    environments: tuple[Environment, ...]
    kernels: tuple[Kernel, ...]
    notebooks: tuple[Notebook, ...]
    paths: tuple[HubPath, ...]
    r: tuple[RLibrary, ...]
    julia: tuple[JuliaProject, ...]
    settings: tuple[tuple[str, str], ...] = ()
    extensions: tuple[tuple[str, str], ...] = ()

    def environment_of(self, notebook: Notebook) -> Environment | None:
        """Return the environment that a notebook's kernel runs in, or nothing."""
        kernel = self.kernel_of(notebook)
        return next((each for each in self.environments if kernel and each.prefix == kernel.environment), None)

    def kernel_of(self, notebook: Notebook) -> Kernel | None:
        """Return the kernel that a notebook names, or the hub's own Python for one that names none."""
        wanted = (notebook.kernel or "python3").lower()
        return next((each for each in self.kernels if each.name.lower() == wanted), None)
