"""Replicate one hub of a source, or all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from takeout.adapt.context import Options
from takeout.adapt.rules import all_rules
from takeout.errors import InputError, OptionError, TakeoutError
from takeout.progress import Progress, silent
from takeout.replica.build import build
from takeout.replica.charts import keep_chart
from takeout.replica.model import Replica
from takeout.replica.options import fill_domain, parse_auth, parse_storage
from takeout.replica.write import Written, previous_lock, write
from takeout.source.model import HubEntry, Source
from takeout.targets import load_target

NO_NAME = frozenset({"", ".", ".."})


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for, as it was written; ``domain`` may have the fields ``{hub}`` and ``{cluster}``."""

    domain: str = ""
    target: str = "any"
    storage: str = "dynamic"
    auth: str = "keep"

    def options(self, entry: HubEntry) -> Options:
        """Return the options for ``entry``.

        Raises:
            OptionError: When one makes no sense.
        """
        return Options(fill_domain(self.domain, entry), parse_storage(self.storage), parse_auth(self.auth))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one hub.

    Attributes:
        entry: The hub.
        directory: Its replica.
        replica: What was built; None where it failed.
        written: What writing did; None where it failed.
        error: Why it failed; None where it did not.
    """

    entry: HubEntry
    directory: Path
    replica: Replica | None = None
    written: Written | None = None
    error: TakeoutError | None = None

    @property
    def found(self) -> bool:
        """Whether something needs a look: a surprise, or a file that the owners edited."""
        surprised = self.replica is not None and not self.replica.closed
        written = self.written
        return surprised or (written is not None and bool(written.beside or written.abandoned or written.relaid))


def replicate(source: Source, entry: HubEntry, wishes: Wishes, directory: Path) -> Outcome:
    """Write the replica of ``entry`` to ``directory``.

    Raises:
        TakeoutError: When it cannot be done; nothing is left half-written.
    """
    options = wishes.options(entry)
    target = load_target(wishes.target)
    previous_lock(directory, entry.id)  # refuse before the work, not after it
    configuration = source.load(entry)
    replica = build(configuration, options, target, all_rules(), label=source.label)
    written = write(replica, directory)
    keep_chart(directory, configuration)
    return Outcome(entry, directory, replica, written)


def replicate_all(source: Source, wishes: Wishes, directory: Path, progress: Progress = silent) -> list[Outcome]:
    """Write the replica of every hub of ``source`` to ``directory/<cluster>/<hub>``.

    A hub that fails does not stop the rest; a wish that makes no sense, or a disk that fails, does.

    Raises:
        OptionError: When a wish makes no sense.
        WorldError: When the disk or the network fails.
    """
    load_target(wishes.target)
    entries = source.hubs()
    outcomes = []
    for entry in entries[:1]:
        wishes.options(entry)
    for done, entry in enumerate(entries):
        progress("replicating", done, len(entries))
        place = (
            directory / _name(entry.cluster) / _name(entry.name)
            if entry.cluster
            else directory / _name(entry.name)
        )
        try:
            outcomes.append(replicate(source, entry, wishes, place))
        except InputError as error:
            outcomes.append(Outcome(entry, place, error=error))
    progress("replicating", len(entries), len(entries))
    return outcomes


def shared_domains(outcomes: Iterable[Outcome]) -> dict[str, list[str]]:
    """Return the domains that more than one replica got, each with its hubs."""
    hubs: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.replica is not None and outcome.replica.context.options.domain:
            hubs.setdefault(outcome.replica.context.options.domain, []).append(outcome.entry.id)
    return {domain: ids for domain, ids in hubs.items() if len(ids) > 1}


def _name(name: str) -> str:
    """Return ``name`` as the name of a directory.

    Raises:
        OptionError: When a source's name would lead out of the directory.
    """
    if name in NO_NAME or "/" in name or "\0" in name:
        raise OptionError(f"a hub or cluster named {name!r} cannot be the name of a directory")
    return name
