"""Turn the parser's events into nodes, the way go-yaml's decoder fills Go's maps."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import yaml
from yaml._yaml import CParser

from takeout.errors import Fault
from takeout.values.frames import Anchored, Frame, Measure, mappings_to_merge, path_of
from takeout.values.lint import UNREAD, duplicate_remark, key_remark, merge_remark, number_remark
from takeout.values.margin import Margin
from takeout.values.node import (
    Mapping,
    Mark,
    Node,
    Scalar,
    ScalarData,
    Sequence,
    Style,
    leaves,
)
from takeout.values.report import COLLECTION_KEY, Reporter
from takeout.values.resolve import MERGE_TAG, ResolveError, as_json, as_key, resolve
from takeout.values.syntax import begin, explain, extent

_MAX_DEPTH = 200  # Helm stops at 10,000; no values file that a person wrote is deeper than a few dozen
_STYLES: dict[str, Style] = {"'": "quoted", '"': "quoted", "|": "literal", ">": "folded"}
_ESCAPED_SLASH = re.compile(r'"(?:[^"\\]|\\[^/])*\\/')
_Place = tuple[int, int]


class Builder:
    """One YAML document on its way to nodes; used once.

    Args:
        text: The document.
        file: The file's name, for marks and messages.
        first_line: How many lines of the file come before the text.
    """

    def __init__(self, text: str, file: str, first_line: int = 0) -> None:
        self._report = Reporter(file, first_line)
        self._text = text
        self._file = file
        self._first_line = first_line
        self._frames: list[Frame] = []
        self._margin = Margin(text, self._frames)
        self._anchors: dict[str, Anchored | Frame] = {}
        self._measure = Measure()
        self._root: Node | None = None
        self._infinite: dict[int, _Place] = {}
        self._has_escaped_slash = "\\/" in text

    @property
    def faults(self) -> list[Fault]:
        """What Helm swallows, after ``build``."""
        return self._report.faults

    def build(self) -> Mapping | None:
        """Return the document's mapping, or None when the document is empty.

        Raises:
            ValuesError: When Helm would refuse the document.
        """
        try:
            self._read()
        except yaml.YAMLError as error:
            raise explain(error, self._file, self._first_line) from error
        root = self._root
        if root is None or (isinstance(root, Scalar) and root.value is None):
            return None
        if not isinstance(root, Mapping):
            what = "a list" if isinstance(root, Sequence) else "a single value"
            place = (root.mark.line - self._first_line - 1, 0)
            message = f"a values file must be a mapping, and this one is {what}"
            self._report.refuse(place, "not-a-mapping", message, "write `key: value` at the top level")
        if self._infinite:
            self._refuse_infinite(root)
        return root

    def _read(self) -> None:
        parser = CParser(self._text)
        while True:
            event = parser.get_event()
            match event:
                case yaml.ScalarEvent():
                    self._read_scalar(event)
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self._open(event)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._close(event)
                case yaml.AliasEvent():
                    self._read_alias(event)
                case yaml.DocumentStartEvent(version=(_, minor)) if minor != 1:
                    hint = "remove the line with %YAML"
                    self._report.refuse(begin(event), "syntax", "Helm reads YAML 1.1 only", hint)
                case yaml.DocumentEndEvent():
                    self._look_beyond(parser)
                    return
                case yaml.StreamEndEvent():
                    return

    def _look_beyond(self, parser: CParser) -> None:
        """Report what follows the document in the same part: nothing reads it."""
        try:
            event = parser.get_event()
        except yaml.YAMLError:
            event = None
        if not isinstance(event, yaml.StreamEndEvent):
            place = begin(event) if event is not None else (self._margin.line, 0)
            self._report.remark(place, UNREAD)

    def _read_scalar(self, event: yaml.ScalarEvent) -> None:
        place = begin(event)
        self._margin.arrive(place[0])
        plain, _quoted = event.implicit
        text, tag = event.value, event.tag
        if self._has_escaped_slash and event.style == '"' and _ESCAPED_SLASH.match(self._text[extent(event)]):
            message = "the YAML is broken: found unknown escape character"
            self._report.refuse(place, "syntax", message, "write / without a backslash")
        frame = self._frames[-1] if self._frames else None
        wants_key = frame is not None and frame.wants_key
        if frame is not None and wants_key and text == "<<" and (plain or tag == MERGE_TAG):
            frame.merging = True
            self._margin.begin_entry()
            self._margin.end_scalar(event)
            return
        value: ScalarData
        try:
            value = resolve(text, tag, plain=plain)
            if frame is not None and wants_key:
                self._read_key(frame, as_key(value), place)
                if plain and not tag:
                    self._report.remark(place, key_remark(text, frame.key or ""), path_of(self._frames))
            json = self._after_json(value, place) if not wants_key or event.anchor else None
        except ResolveError as error:
            self._report.refuse(place, "value", str(error), "put it in quotes if a text is meant")
        style = _STYLES.get(event.style or "", "plain")
        comment = self._margin.end_scalar(event)
        if wants_key:
            node: Node = Scalar(json, self._mark(place[0]), style)
        else:
            if frame is not None and plain and style == "plain":
                self._report.remark(place, number_remark(text, json, frame.key or ""), path_of(self._frames))
            node = Scalar(json, self._mark(place[0]), style, self._margin.comments(comment))
        if event.anchor:
            self._anchors[event.anchor] = Anchored(node, 1, value)
        self._measure.seen += 1
        if not wants_key:
            self._place(node, 1, place)

    def _after_json(self, value: ScalarData, place: _Place) -> ScalarData:
        """Return the value after JSON; note an infinite one, which is an error unless a later key replaces it."""
        if isinstance(value, float) and not math.isfinite(value):
            self._infinite[self._first_line + place[0] + 1] = place
        return as_json(value)

    def _refuse_infinite(self, root: Node) -> None:
        for _, node in leaves(root):
            if isinstance(node, Scalar) and isinstance(node.value, float) and not math.isfinite(node.value):
                line = node.mark.line - self._first_line - 1
                place = self._infinite.get(node.mark.line, (line, 0))
                message = "JSON, which Helm passes values through, has neither infinity nor not-a-number"
                self._report.refuse(place, "value", message, "put it in quotes if a text is meant")

    def _read_key(self, frame: Frame, key: str, place: _Place) -> None:
        self._margin.begin_entry()
        frame.key = key
        frame.size += 1
        first = frame.explicit.get(key)
        if first is not None:
            self._report.remark(place, duplicate_remark(key, first), path_of(self._frames))
        frame.explicit[key] = self._first_line + place[0] + 1

    def _read_alias(self, event: yaml.AliasEvent) -> None:
        place = begin(event)
        self._margin.arrive(place[0])
        found = self._anchors.get(event.anchor or "")
        if found is None:
            message = f"the alias *{event.anchor} has no anchor &{event.anchor} above it"
            self._report.refuse(place, "alias", message, f"write &{event.anchor} before the value that is meant")
        if isinstance(found, Frame):
            message = f"the value of the anchor &{event.anchor} contains itself"
            self._report.refuse(place, "alias", message, "write the values out")
        if not self._measure.add_alias(found.size):
            message = "aliases of aliases make the document grow beyond measure"
            self._report.refuse(place, "alias", message, "write the values out")
        self._margin.end_token(event)
        frame = self._frames[-1] if self._frames else None
        if frame is not None and frame.wants_key:
            if not isinstance(found.node, Scalar):
                self._report.refuse(place, *COLLECTION_KEY)
            try:
                self._read_key(frame, as_key(found.value), place)
            except ResolveError as error:
                self._report.refuse(place, "value", str(error), "write the key out")
            return
        foot = found.node.comments.foot
        comments = self._margin.comments()
        comments = replace(comments, foot=foot) if foot else comments
        node = replace(found.node, mark=self._mark(place[0]), comments=comments)
        self._place(node, 1 + found.size, place, is_alias=True)

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        place = begin(event)
        if self._frames and self._frames[-1].wants_key:
            self._report.refuse(place, *COLLECTION_KEY)
        if len(self._frames) >= _MAX_DEPTH:
            message = f"the document is nested more than {_MAX_DEPTH} levels deep"
            self._report.refuse(place, "too-deep", message, "no chart needs that")
        self._margin.arrive(place[0])
        frame = Frame(isinstance(event, yaml.MappingStartEvent), *place, self._margin.open(), event.anchor)
        if event.flow_style:
            self._margin.end_token(event)
        if event.anchor:
            self._anchors[event.anchor] = frame
        self._measure.seen += 1
        self._frames.append(frame)

    def _close(self, event: yaml.MappingEndEvent | yaml.SequenceEndEvent) -> None:
        self._margin.arrive(begin(event)[0])
        frame = self._frames.pop()
        comments = self._margin.close(event, frame)
        mark = self._mark(frame.line)
        node: Node
        if frame.is_map:
            node = Mapping(frame.entries, mark, comments)
        else:
            node = Sequence(tuple(frame.items), mark, comments)
        if frame.anchor and self._anchors.get(frame.anchor) is frame:
            self._anchors[frame.anchor] = Anchored(node, frame.size)
        self._place(node, frame.size, (frame.line, frame.column))

    def _place(self, node: Node, size: int, place: _Place, *, is_alias: bool = False) -> None:
        """Put a finished node where it belongs."""
        if not self._frames:
            self._root = node
            return
        frame = self._frames[-1]
        if frame.merging:
            frame.merging = False
            self._merge(frame, node, place, is_alias=is_alias)
        elif frame.key is not None:
            self._margin.placed(frame, frame.key)
            frame.put(frame.key, node)
            frame.key = None
        else:
            self._margin.placed(frame, len(frame.items))
            frame.items.append(node)
        frame.size += size

    def _merge(self, frame: Frame, node: Node, place: _Place, *, is_alias: bool) -> None:
        sources = mappings_to_merge(node, is_alias=is_alias)
        if sources is None:
            message = "<< takes a mapping or a list of mappings"
            self._report.refuse(place, "merge", message, "name the anchor of a mapping")
        for key in frame.merge(sources, node.comments.before):
            self._report.remark(place, merge_remark(key, frame.explicit[key]), path_of(self._frames, key))
        self._margin.merged()

    def _mark(self, line: int) -> Mark:
        return Mark(self._file, self._first_line + line + 1)
