"""Which of a server's entries are wanted: the presets, patterns and ``.takeoutignore`` of ``takeout.archive``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from takeout.archive.home.entry import Kind
from takeout.archive.home.patterns import Rules, read_rules, rules_of_options
from takeout.archive.home.presets import Preset, category_of_names, category_of_path
from takeout.pull.model import Named, Options

IGNORE = b".takeoutignore"


@dataclass(slots=True)
class Place:
    """A directory on the server.

    Attributes:
        path: Path below the server's root.
        rules: The patterns of the ``.takeoutignore`` files there and above.
    """

    path: str
    rules: tuple[Rules, ...] = ()


class Chooser:
    """Decides what is wanted and lists what is not.

    Args:
        options: What a person asked for.

    Raises:
        OptionError: When a pattern is empty.

    Attributes:
        preset: How much of the home.
        left_out: What was left out so far.
    """

    def __init__(self, options: Options) -> None:
        self.preset = options.preset
        self.left_out: list[Named] = []
        self._options = rules_of_options(options.exclude)

    def top(self) -> Place:
        """Return the server's root."""
        return Place("")

    def below(self, place: Place, path: str) -> Place:
        """Return a directory inside another."""
        return Place(path, place.rules)

    def enter(self, place: Place, names: Collection[str], ignore: bytes, *, cache: bool) -> bool:
        """Learn what a directory holds; return whether that is wanted.

        Args:
            place: The directory; the patterns that ``ignore`` holds are added to it.
            names: The names in it.
            ignore: The content of its ``.takeoutignore``.
            cache: Whether it says itself that it is a cache.
        """
        if self.preset is Preset.SLIM and place.path:
            category = "caches" if cache else category_of_names({_bytes(name) for name in names})
            if category:
                self.left_out.append(Named(place.path, f"slim: {category}"))
                return False
        if ignore:
            base = _bytes(place.path) + b"/" if place.path else b""
            label = (base + IGNORE).decode("utf-8", "replace")
            place.rules = (*place.rules, read_rules(label, ignore.splitlines(), base))
        return True

    def leaves_out(self, place: Place, path: str, kind: Kind) -> bool:
        """Return whether an entry of a directory is left out, and list it if so."""
        directory = kind is Kind.DIRECTORY
        raw = _bytes(path)
        for rules in (self._options, *reversed(place.rules)):
            decided = rules.decide(raw, directory=directory) if rules.patterns else None
            if decided is not None:
                if decided[0]:
                    self.left_out.append(Named(path, decided[1]))
                return decided[0]
        if directory and self.preset is Preset.SLIM:
            category = category_of_path(raw)
            if category:
                self.left_out.append(Named(path, f"slim: {category}"))
                return True
        return False


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
