"""Whether two restores would write to one place. Pure."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mmsconsole.metadata.targets import Selection, Target, TargetKind
from mmsconsole.restore.delivery.one_file import CHECKSUM
from mmsconsole.restore.selecting import Chooser, Namespace, parse

FILES = (TargetKind.TAR, TargetKind.ARCHIVE)
FOLDERS = (TargetKind.FOLDER, TargetKind.DUMP)


@dataclass(frozen=True, slots=True)
class Place:
    target: Target
    selection: Selection
    seeds: frozenset[str] = frozenset()
    """Members of a live target."""


def clash(one: Place, other: Place) -> bool:
    kinds = {one.target.kind, other.target.kind}
    if kinds <= {*FILES, *FOLDERS}:
        return any(overlap(a, b) for a in _paths(one.target) for b in _paths(other.target))
    if kinds == {TargetKind.SSH}:
        return _same_ssh(one.target, other.target)
    if kinds == {TargetKind.LIVE}:
        return bool(one.seeds & other.seeds) and _same_namespaces(one.selection, other.selection)
    return False


def _paths(target: Target) -> list[Path]:
    path = Path(target.path)
    return [path, path.with_name(path.name + CHECKSUM)] if target.kind in FILES else [path]


def overlap(one: Path, other: Path) -> bool:
    """One is the other, or lies in it."""
    one, other = one.resolve(), other.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)


def _same_ssh(one: Target, other: Target) -> bool:
    if (one.host.casefold(), one.port) != (other.host.casefold(), other.port):
        return False
    a, b = PurePosixPath(one.path), PurePosixPath(other.path)
    return a.is_relative_to(b) or b.is_relative_to(a)


def _same_namespaces(one: Selection, other: Selection) -> bool:
    if one.users and other.users:
        return True
    if not one.namespaces or not other.namespaces:
        return True
    return any(_touch(a, b) for a in _written(one) for b in _written(other))


def _written(selection: Selection) -> list[Namespace]:
    """By the names at the target."""
    chooser = Chooser(selection)
    own = [Namespace(*parse(new)) for _, new in selection.renames]
    return [*own, *(chooser.new_name(parse(text)) for text in selection.namespaces)]


def _touch(one: Namespace, other: Namespace) -> bool:
    if one.database != other.database:
        return False
    return not one.collection or not other.collection or one.collection == other.collection
