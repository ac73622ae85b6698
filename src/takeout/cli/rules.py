"""``takeout rules``: the adaptation rules, with their reasons."""

from __future__ import annotations

from typing import Annotated

import typer

from takeout.cli.options import JsonOption, QuietOption, examples, need_hub_extra
from takeout.cli.output import Output


def add_to(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("rules", epilog=examples("takeout rules", "takeout rules A01", "takeout rules --json"))(rules)


def rules(
    rule_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="One rule, such as A01.", show_default=False)
    ] = None,
    *,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show the adaptation rules, or one of them with its reason and source."""
    need_hub_extra()
    from takeout.cli.text import rule_text, rules_text
    from takeout.replica.rulebook import find_rule, rule_to_json, sorted_rules

    output = Output(json=json, quiet=quiet)
    if rule_id is None:
        found = sorted_rules()
        output.result({"rules": [rule_to_json(rule) for rule in found]}, rules_text(found))
        return
    rule = find_rule(rule_id)
    output.result(rule_to_json(rule), rule_text(rule))
