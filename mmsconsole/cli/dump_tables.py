"""Restores of dumps for people."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from mmsconsole.cli.words import position
from mmsconsole.console.present.words import NONE, plural, size
from mmsconsole.operations.dump_restores import DumpRestorePlan, DumpRestoreView
from mmsconsole.restore.live.standing import Occupied


def plan_pairs(view: DumpRestorePlan, _: datetime) -> list[tuple[str, str]]:
    return [
        ("dump", view.dump),
        ("of", f"mongod {view.server_version}" if view.server_version else "an unknown version"),
        ("into", view.target),
        ("collections", str(len(view.namespaces))),
        ("oplog", "applied on top" if view.replays_oplog else NONE),
        ("there already", plural(len(view.there), "namespace")),
    ]


def restored_pairs(view: DumpRestoreView, _: datetime) -> list[tuple[str, str]]:
    pairs = [
        ("dump", view.dump),
        ("into", view.target),
        ("collections", str(view.collections)),
        ("size", size(view.bytes)),
    ]
    if view.optime is not None:
        pairs += [("oplog", f"{view.oplog_entries} entries"), ("until", position(view.optime))]
    return [*pairs, ("compared", view.verified)]


def there(view: DumpRestorePlan) -> Sequence[Any]:
    return view.there


ONE: Mapping[type, Callable[[Any, datetime], list[tuple[str, str]]]] = {
    DumpRestorePlan: plan_pairs,
    DumpRestoreView: restored_pairs,
}
BELOW: Mapping[type, Callable[[Any], Sequence[Any]]] = {DumpRestorePlan: there}
MANY: Mapping[type, Mapping[str, Callable[[Any, datetime], str]]] = {
    Occupied: {
        "THERE ALREADY": lambda one, _: one.ns,
        "KIND": lambda one, _: one.kind,
        "DOCUMENTS": lambda one, _: str(one.documents) if one.documents >= 0 else NONE,
        "SIZE": lambda one, _: size(one.bytes) if one.bytes >= 0 else NONE,
    },
}
