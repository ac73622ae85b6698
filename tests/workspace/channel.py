"""A small conda channel in a folder, from which conda's own programs make environments without a network."""

from __future__ import annotations

import ensurepip
import io
import json
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

PYTHON = sys.version.split()[0]
Files = Mapping[str, bytes | Path]


def write_package(
    folder: Path, name: str, version: str, files: Mapping[str, bytes | Path], **more: object
) -> None:
    """Write a package, and into the channel's index; a file that is a path becomes a link to it."""
    subdir = folder / str(more.get("subdir", "linux-64"))
    subdir.mkdir(parents=True, exist_ok=True)
    build = str(more.get("build", "h0_0"))
    index = {"name": name, "version": version, "build": build, "build_number": 0, "depends": [], **more}
    index |= {"subdir": subdir.name, "license": "BSD"}
    paths = [
        {"_path": path, "path_type": "softlink", "sha256": "0" * 64, "size_in_bytes": 0}
        if isinstance(text, Path)
        else {
            "_path": path,
            "path_type": "hardlink",
            "sha256": sha256(text).hexdigest(),
            "size_in_bytes": len(text),
        }
        for path, text in files.items()
    ]
    info = {
        "info/index.json": json.dumps(index).encode(),
        "info/files": "".join(f"{path}\n" for path in files).encode(),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}).encode(),
    }
    if more.get("noarch") == "python":
        info["info/link.json"] = json.dumps({"noarch": {"type": "python"}, "package_metadata_version": 1}).encode()
    file = subdir / f"{name}-{version}-{build}.tar.bz2"
    with tarfile.open(file, "w:bz2") as archive:
        for path, text in {**info, **files}.items():
            entry = tarfile.TarInfo(path)
            entry.mode = 0o755
            if isinstance(text, Path):
                entry.type, entry.linkname = tarfile.SYMTYPE, str(text)
                archive.addfile(entry)
            else:
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text))
    known = subdir / "repodata.json"
    data = json.loads(known.read_text()) if known.exists() else {"info": {"subdir": subdir.name}, "packages": {}}
    sums = {"sha256": sha256(file.read_bytes()).hexdigest(), "size": file.stat().st_size}
    data["packages"][file.name] = {**index, **sums}
    known.write_text(json.dumps({**data, "packages.conda": {}, "repodata_version": 1}))


def write_channel(folder: Path) -> Path:
    """Write a channel: this machine's Python under conda's name, pip, and what a hub has beside Python."""
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.base_prefix) / "bin"
    # What makes an environment of its own out of a link to a Python elsewhere.
    about = f"home = {base}\ninclude-system-site-packages = false\nversion = {PYTHON}\n".encode()
    interpreter = {
        "bin/python": base / f"python{minor}",
        f"bin/python{minor}": Path("python"),
        "pyvenv.cfg": about,
    }
    write_package(folder, "python", PYTHON, interpreter, build="h1_0", depends=[])
    wheel = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        pip = {f"site-packages/{name}": archive.read(name) for name in archive.namelist() if name[-1] != "/"}
    noarch = {"subdir": "noarch", "noarch": "python", "depends": ["python"], "build": "pyh_0"}
    write_package(folder, "pip", wheel.name.split("-")[1], pip, **noarch)
    for version in ("1.0", "2.0"):
        found = {
            "site-packages/tides/__init__.py": f"VERSION = {version!r}\n".encode(),
            f"site-packages/tides-{version}.dist-info/METADATA": f"Name: tides\nVersion: {version}\n".encode(),
        }
        write_package(folder, "tides", version, found, **noarch)
    setting = b'export PROJ_DATA="$CONDA_PREFIX/share/proj"\n'
    write_package(folder, "libproj", "9.4", {"share/proj/db": b"x", "etc/conda/activate.d/proj.sh": setting})
    return folder
