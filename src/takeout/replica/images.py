"""Every image that a replica needs, and how to serve it from a registry of one's own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

from takeout.adapt.context import Context
from takeout.chart.images import Image, ImageUse, list_images
from takeout.errors import OptionError, TakeoutError
from takeout.progress import Progress, silent
from takeout.replica.charts import open_chart_of
from takeout.replica.files import Files, read_files
from takeout.replica.model import LOCAL
from takeout.replica.recall import context_of
from takeout.values.node import Data, Mapping, from_data, to_data
from takeout.values.path import Path as ValuesPath
from takeout.values.path import parse_path
from takeout.values.write import write_yaml

_REGISTRY = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*")


@dataclass(frozen=True, slots=True)
class MirroredImage:
    """An image, where it is named, and where its copy will be.

    Attributes:
        use: The image and its places.
        mirrored: The copy's reference; None where no mirror was asked for.
    """

    use: ImageUse
    mirrored: Image | None = None

    @property
    def copy_command(self) -> str:
        """The command that copies the image, all its architectures and with its digest; empty without a mirror."""
        if self.mirrored is None:
            return ""
        # skopeo takes a tag or a digest, not both: https://github.com/containers/image/issues/1736
        source = self.use.image if not self.use.image.digest else replace(self.use.image, tag="")
        target = replace(self.mirrored, digest="") if self.mirrored.tag else self.mirrored
        return f"skopeo copy --all --preserve-digests docker://{source} docker://{target}"


@dataclass(frozen=True, slots=True)
class ImageList:
    """Every image of a replica.

    Attributes:
        images: The images, sorted.
        override: What to put into ``local.values.yaml`` to run from the mirror; empty without one.
        notes: What could not be looked at.
    """

    images: tuple[MirroredImage, ...]
    override: str = ""
    notes: tuple[str, ...] = ()


def images(
    directory: Path,
    *,
    mirror: str = "",
    chart: Path | None = None,
    offline: bool = False,
    progress: Progress = silent,
) -> ImageList:
    """Return every image that the replica in ``directory`` needs.

    Args:
        directory: The replica.
        mirror: A registry, with or without a path in it, that copies will live in.
        chart: A chart or a folder of charts; looked for, or fetched, where None.
        offline: Whether the network must be left alone.
        progress: Told when a chart is fetched.

    Raises:
        DirectoryError: When there is no replica.
        OptionError: When ``mirror`` is no registry.
        ValuesError: When one of the replica's values files cannot be read.
    """
    if mirror and not _REGISTRY.fullmatch(mirror):
        hint = "give a host and perhaps a path, without scheme and tag: registry.example.edu/hub"
        raise OptionError(f"not a registry: {mirror!r}", hint=hint)
    files = read_files(directory)
    uses, values, notes = _uses(files, chart, offline=offline, progress=progress)
    listed = _mirrored(uses, mirror, context_of(files.lock))
    return ImageList(listed, _override(values, listed) if mirror else "", notes)


def _uses(
    files: Files, chart: Path | None, *, offline: bool, progress: Progress
) -> tuple[list[ImageUse], Data, tuple[str, ...]]:
    """Return the images, the values with the chart's defaults where it is at hand, and what could not be done."""
    own, hub = list_images(files.merged, files.manifests), files.lock["hub"]["name"]
    try:
        with open_chart_of(files, chart=chart, offline=offline, progress=progress) as helm:
            whole: Data = helm.merge(files.merged)
            rendered = [manifest.data for manifest in helm.render(files.merged, name=hub, namespace=hub)]
    except TakeoutError as error:
        return own, to_data(files.merged), (f"without the images that the chart brings itself: {error.message}",)
    needed = {use.image for use in (*own, *list_images({}, rendered))}
    assert isinstance(whole, dict)  # noqa: S101 - a chart's values
    every = list_images(whole, [*rendered, *files.manifests])
    return [use for use in every if use.image in needed], whole, ()


def _mirrored(uses: Iterable[ImageUse], mirror: str, context: Context) -> tuple[MirroredImage, ...]:
    uses = list(uses)
    if not mirror:
        return tuple(MirroredImage(use) for use in uses)
    named = {(use.image.registry, use.image.repository): _own_name(use.image.repository, context) for use in uses}
    taken = Counter(named.values())
    host, _, path = mirror.partition("/")
    listed = []
    for use in uses:
        registry, repository = use.image.registry, use.image.repository
        name = named[registry, repository]
        # Two registries may hold different images of one name: then the copy's name tells them apart.
        copied = name if taken[name] == 1 else f"{registry.replace(':', '-')}/{repository}"
        inside = f"{path}/{copied}" if path else copied
        listed.append(MirroredImage(use, replace(use.image, registry=host, repository=inside)))
    return tuple(listed)


def _own_name(repository: str, context: Context) -> str:
    """Return ``repository`` without the parts that name the origin: the copy is the community's own."""
    *folders, name = repository.split("/")
    return "/".join([*(folder for folder in folders if not context.mentions_origin(folder)), name])


def _override(values: Data, listed: Iterable[MirroredImage]) -> str:
    """Return the values that name the copies; a list is given whole, for Helm replaces lists whole."""
    override: Data = {}
    for image in listed:
        for place in image.use.places:
            path = _values_path(place, values)
            if path is not None and image.mirrored is not None:
                override = _point(override, values, path, image.mirrored)
    document = from_data(override)
    if not isinstance(document, Mapping) or not document.entries:
        return ""
    return write_yaml(document, header=(f"Put this into {LOCAL} once the images are copied.",))


def _values_path(place: str, values: Data) -> ValuesPath | None:
    """Return the path that ``place`` is, or None where it is a rendered object."""
    try:
        path = parse_path(place)
    except ValueError:
        return None
    return path if _at(values, path) is not None else None


def _at(data: Data, path: ValuesPath) -> Data:
    for step in path:
        if isinstance(data, dict) and isinstance(step, str):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def _point(override: Data, values: Data, path: ValuesPath, image: Image) -> Data:
    """Return ``override`` with ``image`` at ``path``, in the form that the values have there."""
    if not path:
        form = _form(values, image)
        return {**override, **form} if isinstance(override, dict) and isinstance(form, dict) else form
    step, rest = path[0], path[1:]
    below = _at(values, (step,))
    if isinstance(step, int):
        items = deepcopy(override) if isinstance(override, list) else deepcopy(values)
        assert isinstance(items, list)  # noqa: S101 - the path was found in the values
        items[step] = _point(items[step], below, rest, image)
        return items
    entries = dict(override) if isinstance(override, dict) else {}
    entries[step] = _point(entries.get(step, {} if _is_table(below, rest) else None), below, rest, image)
    return entries


def _is_table(below: Data, rest: ValuesPath) -> bool:
    return isinstance(below, dict) and bool(rest)


def _form(there: Data, image: Image) -> Data:
    name = f"{image.registry}/{image.repository}"
    if not isinstance(there, dict):
        return str(image)
    if "registry" in there:
        return {"registry": image.registry, "repository" if "repository" in there else "name": image.repository}
    return {"repository" if "repository" in there and "name" not in there else "name": name}
