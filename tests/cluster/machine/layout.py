"""Write OCI images: layers out of directories, manifests, and one archive of many images that share layers.

Source: https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

_EPOCH = 0
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Blob:
    """A piece of an image, by its content.

    Attributes:
        digest: ``sha256:`` and the hexadecimal digest.
        size_bytes: Its length.
    """

    digest: str
    size_bytes: int

    def describe(self, media_type: str) -> dict[str, Any]:
        """Return the descriptor that other pieces hold."""
        return {"mediaType": media_type, "digest": self.digest, "size": self.size_bytes}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a container of an image starts as.

    Attributes:
        layers: The names of its layers, lowest first.
        entrypoint: What is run, before the arguments.
        command: The arguments, where the pod gives none.
        user: As whom.
        directory: Where.
        variables: The environment.
    """

    layers: tuple[str, ...]
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    directory: str = "/"
    variables: Mapping[str, str] = field(default_factory=dict)


class Layout:
    """A directory of blobs, each named by its digest."""

    def __init__(self, root: Path) -> None:
        self._blobs = root / "blobs" / "sha256"
        self._blobs.mkdir(parents=True, exist_ok=True)

    def write_layer(self, tree: Path) -> Blob:
        """Store a directory as a layer: the same tree gives the same bytes, whenever it was made."""
        unfinished = self._blobs / "unfinished"
        with unfinished.open("wb") as file:
            hashing = _Hashing(file)
            with tarfile.open(fileobj=hashing, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
                for path in _walk(tree):
                    _add(tar, tree, path)
        blob = Blob(f"sha256:{hashing.digest()}", unfinished.stat().st_size)
        unfinished.rename(self.path(blob))
        return blob

    def write_image(self, recipe: Recipe, layers: Mapping[str, Blob]) -> Blob:
        """Store the configuration and the manifest of an image, and return the manifest."""
        own = [layers[name] for name in recipe.layers]
        configuration = {
            "architecture": _architecture(),
            "os": "linux",
            "config": {
                "Entrypoint": list(recipe.entrypoint),
                "Cmd": list(recipe.command),
                "Env": [f"{key}={value}" for key, value in sorted(recipe.variables.items())],
                "User": recipe.user,
                "WorkingDir": recipe.directory,
            },
            "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in own]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": self._write_json(configuration).describe(_CONFIG),
            "layers": [layer.describe(_LAYER) for layer in own],
        }
        return self._write_json(manifest)

    def export(self, images: Mapping[str, Blob], to: IO[bytes]) -> None:
        """Write an archive of images under their names; what they share is in it once."""
        entries = [
            {**manifest.describe(_MANIFEST), "annotations": {"io.containerd.image.name": name}}
            for name, manifest in sorted(images.items())
        ]
        index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": entries}
        with tarfile.open(fileobj=to, mode="w|") as tar:
            _add_bytes(tar, "oci-layout", _encode({"imageLayoutVersion": "1.0.0"}))
            for blob in self._needed(images.values()):
                info = tarfile.TarInfo(f"blobs/sha256/{blob.digest.partition(':')[2]}")
                info.size = blob.size_bytes
                with self.path(blob).open("rb") as file:
                    tar.addfile(info, file)
            _add_bytes(tar, "index.json", _encode(index))

    def path(self, blob: Blob) -> Path:
        """Return where a blob is."""
        return self._blobs / blob.digest.partition(":")[2]

    def _needed(self, manifests: Sequence[Blob] | Any) -> list[Blob]:
        needed: dict[str, Blob] = {}
        for manifest in manifests:
            needed[manifest.digest] = manifest
            document = json.loads(self.path(manifest).read_bytes())
            for part in (document["config"], *document["layers"]):
                needed[part["digest"]] = Blob(part["digest"], part["size"])
        return [needed[digest] for digest in sorted(needed)]

    def _write_json(self, document: Mapping[str, Any]) -> Blob:
        data = _encode(document)
        blob = Blob(f"sha256:{hashlib.sha256(data).hexdigest()}", len(data))
        self.path(blob).write_bytes(data)
        return blob


class _Hashing(io.RawIOBase):
    """A file that remembers the digest of what went through it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sum = hashlib.sha256()

    def write(self, data: Any) -> int:
        self._sum.update(data)
        return self._file.write(data)

    def digest(self) -> str:
        return self._sum.hexdigest()


def _walk(tree: Path) -> Iterator[Path]:
    """Yield what is below a directory, each directory before its content, in one order everywhere."""
    for directory, folders, files in os.walk(tree):
        folders.sort()
        here = Path(directory)
        if here != tree:
            yield here
        yield from (here / name for name in sorted([*files, *(f for f in folders if (here / f).is_symlink())]))


def _add(tar: tarfile.TarFile, tree: Path, path: Path) -> None:
    info = tar.gettarinfo(path, arcname=str(path.relative_to(tree)))
    info.mtime = _EPOCH
    info.uname = info.gname = ""
    if info.ischr() and info.devmajor == info.devminor == 0:
        # How overlayfs writes that a file of a lower layer is gone; a layer says it by a name.
        _add_bytes(tar, str(path.relative_to(tree).with_name(f".wh.{path.name}")), b"")
    elif info.isreg():
        with path.open("rb") as file:
            tar.addfile(info, file)
    else:
        tar.addfile(info)


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def _encode(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _architecture() -> str:
    """Return what Go, and with it every registry, calls this machine's processor."""
    machine = os.uname().machine
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
