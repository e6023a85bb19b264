"""Opened snapshots for people."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from mmsconsole.cli.words import position
from mmsconsole.console.present.words import NONE, duration, moment, size
from mmsconsole.operations.opening_views import (
    Connection,
    FoundDocuments,
    OpenedCollection,
    OpeningView,
)
from mmsconsole.operations.seeding import SeedView

Pair = tuple[str, str]


def _left(view: OpeningView, now: datetime) -> str:
    if view.closed_at is not None:
        return NONE
    return duration(max(0.0, (view.until - now).total_seconds()))


def _opening(view: OpeningView, now: datetime) -> list[Pair]:
    pairs = [
        ("id", view.id), ("deployment", view.deployment), ("data", position(view.optime)),
        ("snapshot", view.snapshot), ("state", view.state), ("address", view.address or NONE),
        ("user", view.user), ("until", f"{moment(view.until)} ({_left(view, now)} left)"),
        ("files", size(view.bytes)), ("opened by", view.created_by),
    ]  # fmt: skip
    return pairs + ([("reason", view.reason)] if view.reason else [])


def _connection(view: Connection, _: datetime) -> list[Pair]:
    return [("connect by", view.shell), ("password", view.password), ("or by", view.uri)]


def _seed(view: SeedView, _: datetime) -> list[Pair]:
    done = "begun" if view.begun else "to be begun by these commands"
    return [
        ("replica set", f"{view.set_name}: {done}"),
        *(("", line) for line in (() if view.begun else view.commands)),
    ]


def _found(view: FoundDocuments, _: datetime) -> list[Pair]:
    pairs = [(str(number), text) for number, text in enumerate(view.documents, 1)]
    if not pairs:
        return [("", f"no document of {view.namespace} is like that")]
    return pairs + ([("", "there are more: see --limit")] if view.more else [])


ONE: dict[type, Callable[[Any, datetime], list[Pair]]] = {
    OpeningView: _opening,
    Connection: _connection,
    SeedView: _seed,
    FoundDocuments: _found,
}
MANY: dict[type, dict[str, Callable[[Any, datetime], str]]] = {
    OpeningView: {
        "id": lambda view, _: view.id,
        "deployment": lambda view, _: view.deployment,
        "data": lambda view, _: position(view.optime),
        "state": lambda view, _: view.state,
        "address": lambda view, _: view.address or NONE,
        "left": _left,
        "files": lambda view, _: size(view.bytes),
        "reason": lambda view, _: view.reason,
    },
    OpenedCollection: {
        "database": lambda view, _: view.database,
        "collection": lambda view, _: view.collection,
        "kind": lambda view, _: view.kind,
        "documents": lambda view, _: NONE if view.documents is None else f"{view.documents:,}",
    },
}
