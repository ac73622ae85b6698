"""Merge layers exactly as Helm does.

Helm merges twice. Several ``-f`` files become one (``overlay``); that one goes down the tree of charts and meets
the defaults of each (``coalesce``). ``settle`` does the second for umbrella charts alone: what it leaves below a
subchart's name is what Helm hands to that subchart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from takeout.errors import Fault, ValuesError, Where
from takeout.values.node import Comments, Mapping, Node, Removal, Scalar
from takeout.values.path import Path

JUPYTERHUB = "jupyterhub"
_GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Chart:
    """A node of the tree of charts, as far as merging needs it.

    Attributes:
        name: The key its values sit under in its parent (the alias, where it has one).
        values: Its own defaults; an empty mapping where they are not at hand.
        children: Its subcharts.
    """

    name: str
    values: Mapping
    children: tuple[Chart, ...] = ()


def overlay(layers: Sequence[Mapping]) -> Mapping:
    """Return what several ``-f`` files are to Helm together, lowest first.

    Mappings merge; lists and scalars, nulls too, take the place of what was there. The lowest layer's order comes
    first, then new keys in the order of their layers.

    Source: https://github.com/helm/helm/blob/v4.2.3/pkg/chart/v2/loader/load.go (MergeMaps)
    """
    merged = layers[0] if layers else Mapping()
    for layer in layers[1:]:
        merged = _over(merged, layer)
    return merged


def coalesce(chart: Chart, values: Mapping) -> Mapping:
    """Return what the templates of ``chart`` and of its subcharts see when ``values`` are given.

    A null takes out a default of the chart it is meant for, and stays where there is none. Helm shares deep tables
    of ``global`` between charts by accident, in an order that changes from run to run; here they stay apart.

    Raises:
        ValuesError: When what is given for a subchart is not a mapping.

    Source: https://github.com/helm/helm/blob/v4.2.3/pkg/chart/common/util/coalesce.go
    """
    return _with_subcharts(chart, _with_defaults(chart, values), leaves=True)


def settle(chart: Chart, values: Mapping) -> Mapping:
    """Return ``values`` with the defaults of every chart that has subcharts, and of no other.

    What is below the name of an innermost chart is what Helm hands to it, nulls that take out its defaults
    included, so that ``coalesce(inner, settled[inner])`` is ``coalesce(chart, values)[inner]``, but for the empty
    ``global`` that Helm gives to every subchart. A chart without subcharts leaves ``values`` as they are.

    Raises:
        ValuesError: When what is given for a subchart is not a mapping.
    """
    if not chart.children:
        return values
    return _with_subcharts(chart, _with_defaults(chart, values), leaves=False)


def lift(merged: Mapping, path: Path) -> Mapping:
    """Return an umbrella's values with z2jh's under ``jupyterhub`` and everything beside them, on one level.

    What stands nearer to z2jh wins over what stands further out. A ``global`` on the way goes into z2jh's own,
    where the outermost wins as it does in Helm.

    Args:
        merged: The umbrella's values, as ``settle`` gives them.
        path: Where in them z2jh's values are; empty where they are z2jh's themselves.
    """
    if not path:
        return Mapping({JUPYTERHUB: merged}, merged.mark)
    levels = [merged]
    for step in path:
        below = levels[-1].entries.get(str(step))
        levels.append(below if isinstance(below, Mapping) else Mapping(mark=levels[-1].mark))
    inner = levels.pop()
    entries: dict[str, Node] = {}
    for level, step in reversed(list(zip(levels, path, strict=True))):
        inner = _with_globals(inner, level.entries.get(_GLOBAL), always=False)
        for key, node in level.entries.items():
            if key == step and level is levels[-1]:
                entries[JUPYTERHUB] = inner
            elif key not in (step, _GLOBAL):
                entries.setdefault(key, node)
    entries[JUPYTERHUB] = _without_empty_global(inner)
    return replace(levels[-1], entries=entries)


def _without_empty_global(values: Mapping) -> Mapping:
    shared = values.entries.get(_GLOBAL)
    if not isinstance(shared, Mapping) or shared.entries:
        return values
    return replace(values, entries={key: node for key, node in values.entries.items() if key != _GLOBAL})


def _over(lower: Mapping, upper: Mapping) -> Mapping:
    entries = dict(lower.entries)
    for key, new in upper.entries.items():
        old = entries.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            entries[key] = _over(old, new)
        else:
            entries[key] = new if old is None else _succeed(old, new)
    return replace(lower, entries=entries, comments=_join(lower.comments, upper.comments))


def _with_defaults(chart: Chart, values: Mapping) -> Mapping:
    """Return ``values`` laid over the chart's own defaults (coalesceValues)."""
    names = {child.name for child in chart.children}
    entries: dict[str, Node] = {}
    removed = dict(values.removed)
    for key, default in chart.values.entries.items():
        given = values.entries.get(key)
        if given is None:
            if not _is_null(default):
                entries[key] = _without_nulls(default)
        elif isinstance(given, Scalar) and given.value is None:
            removed[key] = Removal(given.mark, default)
        elif isinstance(given, Mapping) and isinstance(default, Mapping):
            is_subchart = key in names
            below = default if is_subchart else _clean(default)
            entries[key] = _over_table(below, given, keep=is_subchart)
        else:
            entries[key] = _succeed(default, given)
    entries |= {key: given for key, given in values.entries.items() if key not in chart.values.entries}
    comments = _join(chart.values.comments, values.comments)
    base = chart.values if chart.values.entries else values
    return replace(base, entries=entries, comments=comments, removed=removed)


def _over_table(default: Mapping, given: Mapping, *, keep: bool) -> Mapping:
    """Return ``given`` laid over ``default``; nulls take out, or are kept for a subchart (coalesceTables)."""
    entries: dict[str, Node] = {}
    removed = {**default.removed, **given.removed}
    for key, old in default.entries.items():
        new = given.entries.get(key)
        if new is None:
            entries[key] = old
        elif not keep and _is_null(new) and not _is_null(old):
            removed[key] = Removal(new.mark, old)
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            entries[key] = _over_table(old, new, keep=keep)
        else:
            entries[key] = _succeed(old, new)
    entries |= {key: new for key, new in given.entries.items() if key not in default.entries}
    return replace(default, entries=entries, comments=_join(default.comments, given.comments), removed=removed)


def _with_subcharts(chart: Chart, values: Mapping, *, leaves: bool) -> Mapping:
    """Return ``values`` with what is below each subchart's name settled, or coalesced (coalesceDeps)."""
    entries = dict(values.entries)
    for child in chart.children:
        given = entries.get(child.name, Mapping(mark=child.values.mark))
        if not isinstance(given, Mapping):
            raise ValuesError([_mismatch(child.name, given)])
        given = _with_globals(given, entries.get(_GLOBAL), always=leaves)
        if leaves or child.children:
            entries[child.name] = _with_subcharts(child, _with_defaults(child, given), leaves=leaves)
        elif child.name in entries or given.entries:
            entries[child.name] = given
    return replace(values, entries=entries)


def _with_globals(given: Mapping, above: Node | None, *, always: bool) -> Mapping:
    """Return a subchart's values with the ``global`` of the chart above, which wins (coalesceGlobals)."""
    own = given.entries.get(_GLOBAL, Mapping())
    shared = above if above is not None else Mapping()
    if not isinstance(own, Mapping) or not isinstance(shared, Mapping):
        return given
    if not shared.entries and not always:
        return given
    entries = dict(own.entries)
    for key, new in shared.entries.items():
        old = entries.get(key)
        if old is None:
            entries[key] = new
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            entries[key] = _over_table(old, new, keep=True)
        elif not isinstance(old, Mapping) and not isinstance(new, Mapping):
            entries[key] = _succeed(old, new)
    return replace(given, entries={**given.entries, _GLOBAL: replace(own, entries=entries)})


def _mismatch(name: str, given: Node) -> Fault:
    what = "null" if _is_null(given) else "not a mapping"
    message = f"{name} is the name of a subchart, so its values must be a mapping, and here they are {what}"
    return Fault("subchart-values", message, Where(given.mark.file, given.mark.line, path=name), "remove the key")


def _without_nulls(node: Node) -> Node:
    """Return ``node`` without the nulls in its mappings."""
    return _clean(node) if isinstance(node, Mapping) else node


def _clean(node: Mapping) -> Mapping:
    """Return ``node`` without the nulls in its mappings; itself when there are none (cleanNilValues)."""
    entries = {key: _without_nulls(child) for key, child in node.entries.items() if not _is_null(child)}
    if len(entries) == len(node.entries) and all(entries[key] is child for key, child in node.entries.items()):
        return node
    return replace(node, entries=entries)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _succeed(old: Node, new: Node) -> Node:
    """Return ``new`` as the node that took the place of ``old``, which keeps the comments above it."""
    if new.comments.before or not old.comments.before:
        return replace(new, replaced=old)
    return replace(new, replaced=old, comments=replace(new.comments, before=old.comments.before))


def _join(lower: Comments, upper: Comments) -> Comments:
    """Return the comments of two mappings that became one."""
    if upper == lower or not (upper.before or upper.after or upper.foot):
        return lower
    foot = lower.foot if upper.foot == lower.foot else lower.foot + upper.foot
    return Comments(lower.before or upper.before, lower.after or upper.after, foot)
