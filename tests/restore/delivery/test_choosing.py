"""Which delivery a target has."""

import pytest

from mmsconsole.errors import Refused
from mmsconsole.metadata.targets import Target, TargetKind
from mmsconsole.restore.delivery import choosing
from mmsconsole.restore.delivery.base import Delivery
from mmsconsole.restore.delivery.choosing import delivery_class


@pytest.mark.parametrize("kind", [TargetKind.FOLDER, TargetKind.TAR])
def test_every_kind_has_one(kind: TargetKind) -> None:
    assert issubclass(delivery_class(Target(kind)), Delivery)


def test_a_kind_without_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(choosing.BY_KIND, TargetKind.LINK, ("nosuch", "Nothing"))
    with pytest.raises(Refused, match="not built"):
        delivery_class(Target(TargetKind.LINK))
