"""What is done when a member does not continue the stored oplog: all members are asked.

The rule by which stored oplog is thrown away is in anchor.py (course_of).
"""

import logging
from contextlib import closing
from dataclasses import dataclass

from mmsconsole.agent.anchor import Answer, Course, course_of, judge, witness_of
from mmsconsole.agent.common_point import common_point
from mmsconsole.agent.reader import Origin, Reader, entry_optime
from mmsconsole.agent.uplink import OplogUplink
from mmsconsole.errors import (
    ObjectCorrupt,
    ObjectMissing,
    ResyncRequired,
    SourceError,
    SourceRefused,
    SourceUnreachable,
)
from mmsconsole.optime import Optime

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hearing:
    """What every readable member says of the anchor; None of one that did not answer."""

    answers: dict[str, Answer | None]
    primary: str | None

    @property
    def told(self) -> str:
        said = {host: each.verdict.value if each else "" for host, each in self.answers.items()}
        parts = [f"{host}: {what or 'does not answer'}" for host, what in sorted(said.items())]
        return "; ".join(parts) or "no member can be read from"

    @property
    def oldest(self) -> Optime:
        """Where the oplog of the member begins that reaches back farthest."""
        return min(each.oldest for each in self.answers.values() if each)


class Judgement:
    """Of one anchor, over all members of the source."""

    def __init__(
        self, origin: Origin, uplink: OplogUplink, anchor: Optime, answer_seconds: float
    ) -> None:
        self._origin = origin
        self._uplink = uplink
        self._anchor = anchor
        self._answer_seconds = answer_seconds

    def new_anchor(self) -> Optime:
        """Where to go on from: the common point after a rollback, else the anchor itself.

        Raises ResyncRequired where none is left, SourceUnreachable while nobody can tell.
        """
        heard = self._hear()
        match course_of(heard.answers, heard.primary):
            case Course.ANOTHER:
                return self._anchor
            case Course.WAIT:
                raise SourceUnreachable(
                    f"whether it still has {self._anchor}, the end of the stored oplog, is not "
                    f"known yet ({heard.told})",
                    where=self._origin.uri.redacted,
                )
            case Course.ROLLED_OVER:
                raise self._rolled_over(heard)
            case Course.ROLLED_BACK:
                return self._roll_back(witness_of(heard.answers, heard.primary))

    def _hear(self) -> Hearing:
        found = self._origin.replica_set()
        hosts = [member.host for member in found.members if member.readable]
        return Hearing({host: self._ask(host) for host in hosts}, found.primary)

    def _ask(self, host: str) -> Answer | None:
        try:
            with closing(self._reader(host)) as reader:
                return answer_of(reader, self._anchor)
        except (SourceError, SourceRefused) as error:
            log.info("asked for the end of the stored oplog: %s", error)
            return None

    def _reader(self, host: str) -> Reader:
        return Reader.open(self._origin.uri, host, self._answer_seconds)

    # -- what follows

    def _rolled_over(self, heard: Hearing) -> ResyncRequired:
        return ResyncRequired(
            f"the stored oplog ends at {self._anchor}, and the source's begins later (at "
            f"{heard.oldest}): what lay between is lost",
            where=self._origin.uri.redacted,
            hint="make the source's oplog larger, then start the backup again: a new initial "
            "sync is made, older snapshots stay",
        )

    def _roll_back(self, witness: str) -> Optime:
        gone = (
            f"the entry {self._anchor} (term {self._anchor.term}), the end of the stored oplog, "
            f"is not in the history of {witness}: the source was rolled back or replaced"
        )
        common = self._common_point(witness)
        if common is None:
            raise ResyncRequired(
                f"{gone}, and nothing that is stored is in it", where=self._origin.uri.redacted
            )
        if not common.same_entry(self._anchor):
            reason = f"{gone}. What was stored after {common} is not its history any more"
            log.warning("%s: %s", self._origin.uri.redacted, reason)
            self._uplink.roll_back(common, reason)
        return common

    def _common_point(self, witness: str) -> Optime | None:
        with closing(self._reader(witness)) as reader:
            oldest = oldest_of(reader)
            return common_point(
                self._uplink.stored_before, self._entries_between, oldest, reader.has_entry
            )

    def _entries_between(self, start: Optime, end: Optime) -> list[Optime]:
        try:
            return self._uplink.entries_between(start, end)
        except (ObjectMissing, ObjectCorrupt) as error:
            # Nothing in it can be used any more: the common point is the end of the one before.
            log.warning("passed over while the common point is looked for: %s", error)
            return []


def answer_of(reader: Reader, anchor: Optime) -> Answer:
    """What this member says. Raises SourceRefused if its oplog is empty."""
    query = {"ts": {"$gte": anchor.timestamp}}
    found = reader.oplog_entries(query, concern="majority")
    oldest = oldest_of(reader)
    first = entry_optime(found[0]) if found else None
    return Answer(judge(anchor, first, oldest), oldest)


def oldest_of(reader: Reader) -> Optime:
    found = reader.oplog_entries({})
    if not found:
        raise SourceRefused("its oplog is empty", where=reader.host)
    return entry_optime(found[0])
