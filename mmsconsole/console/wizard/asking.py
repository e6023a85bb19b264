"""What the wizard asks of Operations, off the event loop."""

from collections.abc import Callable
from typing import TypeVar

from mmsconsole.console.ports import OperationsPort
from mmsconsole.console.wizard.draft import Asked
from mmsconsole.console.wizard.points import Choice
from mmsconsole.errors import MmsError
from mmsconsole.operations.views import RestorePlan, RestorePoint, RestoreView

T = TypeVar("T")


def refusable(call: Callable[[OperationsPort], T], operations: OperationsPort) -> T | MmsError:
    """A refusal is an answer here: the wizard goes to the step that it is about."""
    try:
        return call(operations)
    except MmsError as error:
        return error


def point_of(name: str, choice: Choice, operations: OperationsPort) -> RestorePoint:
    return operations.restore_point(name, snapshot=choice.snapshot, at=choice.at)


def plan_of(name: str, asked: Asked, operations: OperationsPort) -> RestorePlan:
    return operations.plan_restore(
        name, snapshot=asked.choice.snapshot, at=asked.choice.at, target=asked.target,
        selection=asked.selection, secret=asked.secret,
    )  # fmt: skip


def start_of(name: str, asked: Asked, plan: RestorePlan, operations: OperationsPort) -> RestoreView:
    """Of the moment that the plan has shown."""
    snapshot, at = plan.exactly
    return operations.start_restore(
        name, snapshot=snapshot, at=at, target=asked.target, selection=asked.selection,
        secret=asked.secret,
    )  # fmt: skip
