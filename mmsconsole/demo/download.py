"""A restore that is fetched by its link, as curl would."""

import hashlib
import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from urllib.request import urlopen

from mmsconsole.demo.narrator import Step
from mmsconsole.demo.restores import restored
from mmsconsole.demo.scene import Scene, in_megabytes
from mmsconsole.errors import MmsError, TargetUnreachable
from mmsconsole.metadata.targets import Target, TargetKind
from mmsconsole.operations.views import RestoreView, SnapshotView

TIMEOUT_SECONDS = 60.0
LINE_BYTES_MAX = 1000


def download(scene: Scene, snapshot: SnapshotView, step: Step) -> RestoreView:
    """The snapshot as a tar file, straight from the store. Raises MmsError when it is not whole."""
    restore = restored(scene, step, Target(TargetKind.LINK), snapshot=snapshot.id)
    offer = restore.offer
    if offer is None:
        raise MmsError("no link was offered", where=restore.id)
    known = ssl.create_default_context(cafile=scene.operations.service_ca().ca)
    file = scene.folder.downloaded
    with opened(offer.url, known) as answer, file.open("wb") as target:
        shutil.copyfileobj(answer, target)
    with opened(offer.sha256_url, known) as answer:
        told = answer.read(LINE_BYTES_MAX).decode().partition(" ")[0]
    with file.open("rb") as whole:
        found = hashlib.file_digest(whole, "sha256").hexdigest()
    if found != told:
        raise MmsError(f"its sha256 is {found}, and should be {told}", where=str(file))
    step.done(f"{in_megabytes(file.stat().st_size)} by HTTPS, its sha256 is right")
    return restore


@contextmanager
def opened(url: str, known: ssl.SSLContext) -> Iterator[HTTPResponse]:
    """Raises TargetUnreachable, without the URL: its token is nobody else's."""
    try:
        with urlopen(url, timeout=TIMEOUT_SECONDS, context=known) as answer:  # noqa: S310 - https
            yield answer
    except (OSError, HTTPException) as error:
        raise TargetUnreachable(f"the download failed: {error}") from error
