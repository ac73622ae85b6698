"""Build the buttons for JupyterLab and Notebook from their TypeScript, once for each change of it.

``python labextension/build.py`` leaves them in ``labextension/dist``; a wheel takes them from there. With
``--develop`` they are also linked into the environment of the running Python, as an editable installation needs
them. Needs npm.
"""
# ruff: noqa: INP001 -- a script, and no package

from __future__ import annotations

import argparse
import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAME = "jupyterhub-takeout"
BUILT = HERE / "dist"
STAMP = HERE / "dist.sha256"
"""The digest of the sources that ``dist`` was built from; times do not survive a source distribution."""
LOCK = HERE / ".build.lock"
LOCK_STAMP = HERE / "node_modules" / ".installed.sha256"
SOURCES = ("install.json", "package.json", "package-lock.json", "tsconfig.json", "host", "schema", "src", "style")
NO_NPM = (
    "npm is not on the path. The buttons for JupyterLab and Notebook are TypeScript, and building them needs "
    "Node.js 18.18 or newer, with npm (on Debian: apt-get install nodejs npm)."
)


def sources_digest() -> str:
    """Return the SHA-256 of every file that decides what is built."""
    digest = hashlib.sha256()
    files = [path for name in SOURCES for path in _files(HERE / name)]
    for path in sorted(files):
        digest.update(f"{path.relative_to(HERE).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]


def is_current() -> bool:
    """Tell whether ``dist`` was built from the sources as they are now."""
    return (BUILT / "package.json").is_file() and _read(STAMP) == sources_digest()


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii").strip() if path.is_file() else ""


def build() -> None:
    """Install the locked packages where they are not, compile, and bundle.

    Raises:
        FileNotFoundError: There is no npm.
        subprocess.CalledProcessError: npm, the compiler or the bundler failed; their words are on standard error.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError(NO_NPM)
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if _read(LOCK_STAMP) != lock:
        _run(npm, "ci")
        LOCK_STAMP.write_text(lock, encoding="ascii")
    digest = sources_digest()
    STAMP.unlink(missing_ok=True)
    _run(npm, "run", "--silent", "build")
    shutil.copyfile(HERE / "install.json", BUILT / "install.json")
    STAMP.write_text(digest, encoding="ascii")


@contextmanager
def _alone() -> Iterator[None]:
    """Wait for builds of other processes: tests run beside each other, and each may begin with one."""
    with LOCK.open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build_where_needed() -> None:
    """Build, unless ``dist`` is current, or another process has just made it so.

    Raises:
        FileNotFoundError: There is no npm.
        subprocess.CalledProcessError: npm, the compiler or the bundler failed.
    """
    if is_current():
        return
    with _alone():
        if not is_current():
            build()


def _run(*command: str) -> None:
    # Standard output may be a build backend's; what tools say goes to standard error.
    subprocess.run(command, cwd=HERE, check=True, stdout=sys.stderr)  # noqa: S603


def develop(prefix: Path) -> None:
    """Link what was built into an environment, so that a new build is there without installing again."""
    share = prefix / "share" / "jupyter"
    _link(share / "labextensions" / NAME, BUILT)
    _link(share / "nbextensions" / "takeout" / "tree.js", HERE / "nbclassic" / "tree.js")


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link)
    link.unlink(missing_ok=True)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)


def main() -> int:
    """Build what is not current; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--develop", action="store_true", help="link the result into this Python's environment")
    parser.add_argument("--optional", action="store_true", help="without npm, say so and succeed")
    options = parser.parse_args()
    try:
        build_where_needed()
    except FileNotFoundError as error:
        print(f"labextension/build.py: {error}", file=sys.stderr)  # noqa: T201
        return 0 if options.optional else 3
    except subprocess.CalledProcessError as error:
        print(f"labextension/build.py: {error}", file=sys.stderr)  # noqa: T201
        return 3
    if options.develop:
        develop(Path(sys.prefix))
    return 0


if __name__ == "__main__":
    sys.exit(main())
