"""Cancelling and reporting, as work is given them."""

import pytest

from mmsconsole.errors import Cancelled
from mmsconsole.task import Cancellation, Task


def test_a_task_goes_on_until_it_is_cancelled() -> None:
    cancellation = Cancellation()
    task = Task(cancellation)
    task.check()

    cancellation.cancel()

    with pytest.raises(Cancelled):
        task.check()
    assert cancellation.requested


def test_a_task_that_nobody_watches_reports_to_nobody() -> None:
    Task().report("phase", 1, None)


def test_each_task_has_a_cancellation_of_its_own() -> None:
    first, second = Task(), Task()
    first.cancellation.cancel()
    second.check()
