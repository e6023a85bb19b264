"""A real S3 server (moto) in a process of its own, on loopback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from mmsconsole.settings import StoreSettings

START_SECONDS = 120
KEYS_PER_ANSWER = 100
"""Of a listing; Amazon's own gives 1000."""
ACCESS, SECRET = "test-access", "test-secret-4711"

# It ends when its standard input does: however its parent goes, nothing stays behind.
SERVER = """
import os, sys, threading
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

def end_with_parent():
    sys.stdin.read()
    os._exit(0)

threading.Thread(target=end_with_parent, daemon=True).start()
server = make_server(
    "127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True
)
print(server.server_port, flush=True)
server.serve_forever()
"""


@dataclass(frozen=True)
class S3Server:
    endpoint: str

    @cached_property
    def client(self) -> Any:
        """The tests' own way to it, beside the product."""
        from boto3.session import Session  # takes a moment, and most tests need none

        session = Session(ACCESS, SECRET, region_name="us-east-1")
        return session.client("s3", endpoint_url=self.endpoint)

    def bucket(self, *, locks: bool = False) -> str:
        """A fresh one."""
        name = f"test-{uuid4().hex[:12]}"
        self.client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locks)
        return name

    def url(self, bucket: str, prefix: str = "backups/here") -> str:
        return f"s3://{bucket}/{prefix}?endpoint={self.endpoint}&region=us-east-1&path_style=true"

    def store(self, bucket: str, prefix: str = "backups/here", **keys: Any) -> StoreSettings:
        return StoreSettings.model_validate({"url": self.url(bucket, prefix), **keys})

    @contextmanager
    def asking_for_credentials(self) -> Iterator[None]:
        """Meanwhile nobody's credentials are right: moto knows no user."""
        self._ask_for_credentials_after(b"0")
        try:
            yield
        finally:
            self._ask_for_credentials_after(b"inf")

    def _ask_for_credentials_after(self, calls: bytes) -> None:
        plain = {"Content-Type": "text/plain"}
        request = Request(f"{self.endpoint}/moto-api/reset-auth", calls, plain)
        with urlopen(request, timeout=60) as answer:
            answer.read()


@pytest.fixture(scope="session")
def s3_server(session_folder: Path) -> Iterator[S3Server]:
    """Shared by the session: each test makes a bucket of its own. From now on the environment has
    its credentials, also for an engine that a test starts."""
    with running_s3(session_folder / "no-such-file") as server:
        yield server


@contextmanager
def running_s3(nothing: Path) -> Iterator[S3Server]:
    """With its credentials in the environment; `nothing` is the name of no file."""
    with pytest.MonkeyPatch.context() as patched, _server() as server:
        _set_credentials(patched, nothing)
        yield server


@contextmanager
def _server() -> Iterator[S3Server]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "MOTO_S3_DEFAULT_MAX_KEYS": str(KEYS_PER_ANSWER)},
    )
    try:
        yield S3Server(f"http://127.0.0.1:{_port(process)}")
    finally:
        process.kill()
        process.communicate(timeout=60)


def _set_credentials(patched: pytest.MonkeyPatch, nothing: Path) -> None:
    """Where the product looks for them; nothing of the machine that the tests run on."""
    patched.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    patched.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    patched.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patched.setenv("AWS_CONFIG_FILE", str(nothing))
    patched.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nothing))
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION"):
        patched.delenv(name, raising=False)


def _port(process: subprocess.Popen[str]) -> int:
    said: Queue[str] = Queue()
    assert process.stdout is not None
    Thread(target=lambda out=process.stdout: said.put(out.readline()), daemon=True).start()
    try:
        return int(said.get(timeout=START_SECONDS))
    except Empty:
        pytest.fail(f"the S3 server did not start within {START_SECONDS} s")
