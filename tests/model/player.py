"""Plays the steps of a schedule, one by one, on a stand."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bson.errors import BSONError
from pymongo.errors import AutoReconnect, BulkWriteError, PyMongoError

from tests.model.ddl import DDL
from tests.model.faults import FAULTS
from tests.model.report import Report
from tests.model.schedule import Step
from tests.model.stand import Stand
from tests.model.writes import TRANSACTIONS, WRITES

CHANGED = ("nInserted", "nModified", "nRemoved", "nUpserted")

Ask = Callable[[], None]


class Player:
    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.report = Report()

    def play_all(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self.play(step)

    def play(self, step: Step) -> None:
        """A step that the source refuses, or does not answer, is counted as such."""
        counted = self.report.done
        try:
            self._action(step.kind, step.arguments)()
        except AutoReconnect:
            counted = self.report.cut_off
            self.stand.stage.source.wait_for_primary()
        except BulkWriteError as error:
            if not any((error.details or {}).get(name) for name in CHANGED):
                counted = self.report.refused
        except (PyMongoError, BSONError):
            counted = self.report.refused
        counted[step.kind] += 1

    def _action(self, kind: str, arguments: Mapping[str, Any]) -> Ask:
        stand, client = self.stand, self.stand.stage.client
        if kind in WRITES:
            return lambda: WRITES[kind](client, None, **arguments)
        if kind in TRANSACTIONS:
            return lambda: TRANSACTIONS[kind](client, **arguments)
        if kind in DDL:
            return lambda: DDL[kind](client, **arguments)
        if kind in FAULTS:
            return lambda: FAULTS[kind](stand, **arguments)
        others: dict[str, Callable[..., None]] = {
            "empty": stand.empty,
            "prepare": stand.prepare,
            "end_prepared": stand.end_prepared,
            "moment": stand.note_moment,
            "snapshot": stand.ask_for_snapshot,
            "check": self._check,
        }
        return lambda: others[kind](**arguments)

    def _check(self) -> None:
        self.report.moments += self.stand.check()
        self.report.heads += 1
