"""What every part of FakeOperations has: how it is asked, deployments, jobs."""

import threading
from dataclasses import dataclass, field, replace

from mmsconsole.errors import MmsError, NoEngine, NotFound
from mmsconsole.operations.views import BackupStatus, DeploymentView, JobView
from tests.support import fake_data as data


def _open_gate() -> threading.Event:
    gate = threading.Event()
    gate.set()
    return gate


@dataclass
class FakeDesk:
    """`asked` lists the questions, `calls` the requests; `fail` makes a method raise, `away` all
    of them. Requests wait while the `gate` is closed."""

    views: dict[str, DeploymentView] = field(default_factory=dict)
    kept_jobs: list[JobView] = field(default_factory=list)
    calls: list[tuple[object, ...]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    away: bool = False
    gate: threading.Event = field(default_factory=_open_gate)
    fail: dict[str, MmsError] = field(default_factory=dict)

    def deployment(self, name: str) -> DeploymentView:
        self._reach("deployment")
        if name not in self.views:
            raise NotFound(
                f"there is no deployment {name!r}", hint="see: mmsconsole deployment list"
            )
        return self.views[name]

    def _reach(self, method: str) -> None:
        self.asked.append(method)
        if self.away:
            raise NoEngine("the metadata database does not answer")
        if method in self.fail:
            raise self.fail[method]

    def _ask(self, method: str, *arguments: object) -> None:
        self.calls.append((method, *arguments))
        assert self.gate.wait(60)
        self._reach(method)

    def _job(self, kind: str, name: str, **more: str) -> JobView:
        asked = replace(data.jobs()[0], id="j-new", kind=kind, deployment=name, state="queued",
                        attempts=0, progress=(), **more)  # type: ignore[arg-type]  # fmt: skip
        self.kept_jobs.insert(0, asked)
        return asked

    def _status(self, name: str, **changes: str) -> BackupStatus:
        view = self.deployment(name)
        status = replace(view.status, **changes)  # type: ignore[arg-type]
        self.views[name] = replace(view, status=status)
        return status
