"""Who copies the oplog from whom, and who was elected when. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from mmsconsole.mongod.topology import PRIMARY
from mmsconsole.operations.monitoring_views import ChainNode, ElectionView, MemberView

ELECTIONS_SPAN = timedelta(days=1)


def chain_of(members: Sequence[MemberView]) -> tuple[ChainNode, ...]:
    """Trees: the primary first, then members of which nobody knows whom they follow. Each member
    stands there once, also where several say that they follow each other.
    """
    followers: dict[str, list[MemberView]] = {}
    known = {member.host for member in members}
    roots = []
    for member in members:
        if _follows(member, known):
            followers.setdefault(member.sync_source, []).append(member)
        else:
            roots.append(member)
    placed: set[str] = set()
    trees = [_node(root, followers, placed) for root in roots]
    # What is left follows in a circle: it is shown from the first of them.
    trees += [_node(left, followers, placed) for left in members if left.host not in placed]
    return tuple(tree for tree in trees if tree is not None)


def _follows(member: MemberView, known: set[str]) -> bool:
    source = member.sync_source
    return member.state != PRIMARY and source in known and source != member.host


def _node(
    member: MemberView, followers: dict[str, list[MemberView]], placed: set[str]
) -> ChainNode | None:
    """None where it stands in the tree already."""
    if member.host in placed:
        return None
    placed.add(member.host)
    below = (_node(each, followers, placed) for each in followers.get(member.host, ()))
    return ChainNode(
        member.host, member.state, member.lag_seconds, member.up,
        tuple(node for node in below if node is not None),
    )  # fmt: skip


def elections_of(
    members: Sequence[MemberView], told: Iterable[ElectionView], now: datetime
) -> tuple[ElectionView, ...]:
    """Of the last day, newest first: those that were noticed, and those that members remember."""
    found = {_key(one): one for one in told}
    for member in members:
        if member.elected_at is not None:
            one = ElectionView(member.elected_at, member.host, member.term)
            found.setdefault(_key(one), one)
    recent = [one for one in found.values() if now - one.at <= ELECTIONS_SPAN]
    return tuple(sorted(recent, key=lambda one: one.at, reverse=True))


def _key(one: ElectionView) -> tuple[object, ...]:
    """A term has one winner, however its time was told."""
    return (one.term,) if one.term is not None else (one.host, one.at)
