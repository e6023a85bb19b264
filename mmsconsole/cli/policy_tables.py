"""Policies for people: the keys with their meaning, and what becomes of every snapshot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from mmsconsole.cli.words import position
from mmsconsole.console.present import policy as words
from mmsconsole.console.present.words import moment
from mmsconsole.operations.policy_views import PolicyPreview, PolicyRow, PolicyView

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PolicyKey:
    """A line of the table of keys."""

    key: str
    value: str
    decided_by: str
    meaning: str


def policy_pairs(view: PolicyView, _: datetime) -> list[Pair]:
    pairs = [("policy of", words.subject(view))]
    if view.deployment:
        pairs.append(("next snapshot", moment(view.next_at)))
    if view.changed_by:
        pairs.append(("changed", f"{moment(view.changed_at)} by {view.changed_by}"))
    return pairs


def policy_keys(view: PolicyView) -> Sequence[PolicyKey]:
    return [
        PolicyKey(key, str(value), view.decided_by[key], words.meaning(key, view.policy))
        for key, value in asdict(view.policy).items()
    ]


def preview_pairs(preview: PolicyPreview, _: datetime) -> list[Pair]:
    pairs = [
        ("policy of", words.subject(preview.view)),
        ("deletes", preview.what_goes or "nothing"),
    ]
    return pairs + [(f"oplog of {one.deployment}", words.cut(one)) for one in preview.oplog]


def preview_rows(preview: PolicyPreview) -> Sequence[PolicyRow]:
    return preview.rows


BELOW: Mapping[type, Callable[[Any], Sequence[Any]]] = {
    PolicyView: policy_keys,
    PolicyPreview: preview_rows,
}
"""What stands in a table below the labels of one thing."""

ONE: Mapping[type, Callable[[Any, datetime], list[Pair]]] = {
    PolicyView: policy_pairs,
    PolicyPreview: preview_pairs,
}

MANY: Mapping[type, Mapping[str, Callable[[Any, datetime], str]]] = {
    PolicyKey: {
        "KEY": lambda line, _: line.key,
        "VALUE": lambda line, _: line.value,
        "DECIDED BY": lambda line, _: line.decided_by,
        "MEANING": lambda line, _: line.meaning,
    },
    PolicyRow: {
        "SNAPSHOT": lambda row, _: row.snapshot,
        "DEPLOYMENT": lambda row, _: row.deployment,
        "OPTIME": lambda row, _: position(row.optime),
        "STATE": lambda row, _: row.state,
        "WHAT": lambda row, _: words.fate(row),
        "UNTIL": lambda row, _: words.until(row),
        "WHY": lambda row, _: words.why(row),
    },
}
