"""The container images that a hub needs, each with the places that name it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from takeout.adapt.nets.live import every
from takeout.adapt.nets.objects import clear, title
from takeout.values.node import Mapping as Document
from takeout.values.node import to_data
from takeout.values.path import Path, format_path

_REFERENCE = re.compile(
    r"(?:(?P<registry>[a-zA-Z0-9.-]+\.[a-zA-Z0-9.-]+(?::\d+)?|localhost(?::\d+)?|[a-zA-Z0-9-]+:\d+)/)?"
    r"(?P<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
    r"(?::(?P<tag>[\w][\w.-]{0,127}))?"
    r"(?:@(?P<digest>[a-z0-9]+:[0-9a-f]{32,}))?"
)
_DOCKER = "docker.io"


@dataclass(frozen=True, slots=True, order=True)
class Image:
    """An image reference, with what it leaves out filled in.

    Attributes:
        registry: The registry's host; ``docker.io`` where none is named.
        repository: The repository in it, with ``library/`` in front where Docker Hub means that.
        tag: The tag; ``latest`` where neither tag nor digest is named, empty where only a digest is.
        digest: The digest with its algorithm; empty where there is none.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        """Return the whole reference."""
        text = f"{self.registry}/{self.repository}"
        if self.tag:
            text += f":{self.tag}"
        return f"{text}@{self.digest}" if self.digest else text


@dataclass(frozen=True, slots=True)
class ImageUse:
    """An image and where it is named.

    Attributes:
        image: The image.
        places: Dotted paths of the values that name it, or ``Kind/name`` of rendered objects; sorted.
        written: How the places write it, which a mirror's override must replace; the first of them.
    """

    image: Image
    places: tuple[str, ...]
    written: str


def parse_image(text: str) -> Image | None:
    """Return the image that ``text`` refers to, or None where it is no image reference.

    Source: https://github.com/distribution/reference/blob/v0.6.0/reference.go
    """
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        return None
    registry, repository = match["registry"] or _DOCKER, match["repository"]
    if registry in (_DOCKER, "index.docker.io"):
        registry = _DOCKER
        repository = repository if "/" in repository else f"library/{repository}"
    tag, digest = match["tag"] or "", match["digest"] or ""
    return Image(registry, repository, tag or ("" if digest else "latest"), digest)


def list_images(
    values: Document | Mapping[str, Any], rendered: Iterable[Mapping[str, Any]] = ()
) -> list[ImageUse]:
    """Return every image that the values and the rendered objects name, sorted.

    Looked at are ``image``, whatever its form (a reference, or name, tag and digest apart), and KubeSpawner's
    and BinderHub's settings; the choices of a profile count, each one. An image that an object made of values
    repeats is one image with several places.

    Args:
        values: The values.
        rendered: Kubernetes objects; of the hub's Secret the hub's own values are read.
    """
    uses: dict[Image, dict[str, str]] = {}
    data = to_data(values) if isinstance(values, Document) else dict(values)
    for path, text in _in_values(data):
        _note(uses, text, format_path(path))
    for item in rendered:
        readable = item if item.get("kind") == "ConfigMap" else clear(item)
        for _, text in _in_values(readable):
            _note(uses, text, title(item))
    return [
        ImageUse(image, tuple(sorted(places)), next(iter(places.values())))
        for image, places in sorted(uses.items())
    ]


def _note(uses: dict[Image, dict[str, str]], text: str, place: str) -> None:
    image = parse_image(text)
    if image is not None:
        uses.setdefault(image, {}).setdefault(place, text)


def _in_values(data: Any) -> Iterator[tuple[Path, str]]:
    for path, value, parent in every(data):
        key = path[-1]
        if not isinstance(key, str) or not _is_image_key(key):
            continue
        if isinstance(value, str):
            # in a choice's display or a schema's default, `image` is text about an image
            if value and "{" not in value and not _is_text(value):
                yield path, _with_tag(value, parent, key)
        elif isinstance(value, dict):
            yield from _of_parts(path, value)


def _is_image_key(key: str) -> bool:
    return key in ("image", "build_image", "default_image") or key.endswith("Image")


def _is_text(value: str) -> bool:
    return any(char.isspace() for char in value)


def _with_tag(value: str, parent: Any, key: str) -> str:
    """Old charts write ``image: name`` and ``tag: x`` beside each other."""
    tag = parent.get("tag") if isinstance(parent, dict) and key == "image" else None
    if tag and ":" not in value.rpartition("/")[2] and "@" not in value and not isinstance(tag, dict | list):
        return f"{value}:{tag}"
    return value


def _of_parts(path: Path, value: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    name = value.get("name") or value.get("repository")
    if not isinstance(name, str) or not name or _is_text(name) or "{" in name:
        return
    registry = value.get("registry")
    if isinstance(registry, str) and registry and not name.startswith(f"{registry}/"):
        name = f"{registry}/{name}"
    tag, digest = value.get("tag"), value.get("digest")
    if tag not in (None, ""):
        name += f":{tag}"
    if isinstance(digest, str) and digest:
        name += f"@{digest}"
    yield path, name
