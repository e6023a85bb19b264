"""The delivery of a restore, by the kind of its target."""

from importlib import import_module

from mmsconsole.errors import Refused
from mmsconsole.metadata.restores import Restore
from mmsconsole.metadata.targets import Target, TargetKind
from mmsconsole.restore.delivery.base import Delivery
from mmsconsole.secret import Secret
from mmsconsole.stores.resources import Resources

PACKAGE = "mmsconsole.restore.delivery"
BY_KIND = {
    TargetKind.FOLDER: ("folder", "FolderDelivery"),
    TargetKind.TAR: ("tar_file", "TarDelivery"),
    TargetKind.ARCHIVE: ("dump", "ArchiveDelivery"),
    TargetKind.DUMP: ("dump", "DumpDelivery"),
    TargetKind.LINK: ("link", "LinkDelivery"),
    TargetKind.SSH: ("ssh", "SshDelivery"),
    TargetKind.LIVE: ("live", "LiveDelivery"),
    TargetKind.OPEN: ("opened", "OpenedDelivery"),
}
SSH_ARCHIVE = ("ssh", "SshArchiveDelivery")


def delivery_for(resources: Resources, restore: Restore, secret: Secret | None = None) -> Delivery:
    """`secret`: for a restore that is only being planned. Raises Refused."""
    return delivery_class(restore.where)(resources, restore, secret)


def delivery_class(where: Target) -> type[Delivery]:
    """Loaded when it is needed: most restores need none of paramiko and the like."""
    module, name = SSH_ARCHIVE if where.as_archive else BY_KIND[where.kind]
    try:
        found: type[Delivery] = getattr(import_module(f"{PACKAGE}.{module}"), name)
    except (ModuleNotFoundError, AttributeError) as error:
        raise Refused(f"restores to this kind of target ({where.kind}) are not built") from error
    return found
