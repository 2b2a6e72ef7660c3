"""`psockmc list`: scenarios, properties and bugs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from psockmc import content
from psockmc.cli.options import json_option
from psockmc.cli.status import Status, print_json, user_errors
from psockmc.corpus import Bug, has_corpus, load_corpus

if TYPE_CHECKING:
    from psockmc.lang.tree import Program


@click.command("list")
@json_option
@user_errors({"scenarios": [], "properties": [], "bugs": []})
def list_(as_json: bool) -> Status:
    """List the scenarios with their properties, the properties, and the bugs of the corpus."""
    root = content.find_root()
    corpus = load_corpus(root) if has_corpus(root) else ()
    listing = as_object(content.load(root), corpus)
    if as_json:
        print_json(listing)
    else:
        _print(listing)
    return Status.EXPECTED


def as_object(program: Program, corpus: tuple[Bug, ...]) -> dict[str, Any]:
    """The object of `list --json` (psockmc/schemas/list.schema.json). Built-in properties are in every scenario."""
    from psockmc.explore.verdict import JUDGED
    from psockmc.ir.lower import BUILTIN, PROGRESS

    built_in = BUILTIN | JUDGED
    eventually = {name for name, f in program.functions.items() if f.role == "eventually"}
    own = [f for f in program.functions.values() if f.property_id and f.role != "proof"]
    return {
        "scenarios": [
            {
                "name": scenario.name,
                "sentence": scenario.sentence,
                "properties": list(
                    dict.fromkeys(
                        [
                            *(program.functions[p].property_id for p in scenario.properties),
                            *built_in,
                            *(PROGRESS if eventually.intersection(scenario.properties) else ()),
                        ]
                    )
                ),
            }
            for scenario in program.scenarios.values()
        ],
        "properties": [
            *({"id": f.property_id, "sentence": f.sentence} for f in sorted(own, key=lambda f: f.property_id)),
            *({"id": id, "sentence": sentence} for id, sentence in (built_in | PROGRESS).items()),
        ],
        "bugs": [{"id": bug.id, "fix": bug.fix} for bug in corpus],
    }


def _print(listing: dict[str, Any]) -> None:
    rows = {
        "scenarios": [(s["name"], s["sentence"]) for s in listing["scenarios"]],
        "properties": [(p["id"], p["sentence"]) for p in listing["properties"]],
        "bugs": [(b["id"], f"fixed by {b['fix'][:12]}") for b in listing["bugs"]],
    }
    for title, pairs in rows.items():
        click.echo(f"{title} ({len(pairs)})")
        width = max((len(name) for name, _ in pairs), default=0)
        for name, text in pairs:
            click.echo(f"  {name:{width}}  {text}".rstrip())
