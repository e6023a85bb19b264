"""Links for people."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from mmsconsole.console.present.words import NONE, ago, moment, size
from mmsconsole.operations.link_views import LinkView, ServiceCa

Pair = tuple[str, str]


def _link(view: LinkView, now: datetime) -> list[Pair]:
    pairs = [
        ("id", view.id), ("deployment", view.deployment), ("file", view.name),
        ("state", view.state), ("downloads", _downloads(view)), ("until", _until(view)),
        ("archive", size(view.bytes) if view.bytes else NONE), ("sent", size(view.sent_bytes)),
        ("sha256", view.sha256 or "computed when somebody asks for it"),
        ("read from", "files on this machine" if view.staged else "the store"),
        ("made by", f"{view.created_by}, {ago(view.created_at, now)}"),
    ]  # fmt: skip
    return pairs + ([("reason", view.reason)] if view.reason else [])


def _ca(view: ServiceCa, _: datetime) -> list[Pair]:
    pairs = [("front end", view.url), ("key for --pinnedpubkey", view.pin)]
    if not view.ca:
        return [*pairs, ("CA", "the certificate was given: see [service]")]
    return [*pairs, ("CA for --cacert", view.ca), ("its sha256", view.fingerprint)]


def _downloads(view: LinkView) -> str:
    most = f" of {view.downloads_max}" if view.downloads_max else ""
    return f"{view.downloads}{most}"


def _until(view: LinkView) -> str:
    if view.expires_at is None:
        return f"{view.hours:g} hours, once it is ready"
    return moment(view.expires_at)


ONE: dict[type, Callable[[Any, datetime], list[Pair]]] = {LinkView: _link, ServiceCa: _ca}
MANY: dict[type, dict[str, Callable[[Any, datetime], str]]] = {
    LinkView: {
        "ID": lambda view, _: view.id,
        "DEPLOYMENT": lambda view, _: view.deployment,
        "FILE": lambda view, _: view.name,
        "STATE": lambda view, _: view.state,
        "DOWNLOADS": lambda view, _: _downloads(view),
        "UNTIL": lambda view, _: _until(view),
        "BYTES": lambda view, _: size(view.bytes) if view.bytes else NONE,
    },
}
