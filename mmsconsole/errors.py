"""Every error that people may see, as one small tree.

MmsError
├── UsageError            what was asked makes no sense as written
│   └── SettingsError     a settings file or MMSCONSOLE_* variable is wrong
├── NoEngine              no engine answers in this home
├── Refused               a precondition or a right is missing; nothing was changed
│   ├── NotFound          no record of that name or id
│   ├── AlreadyExists     the name is taken
│   ├── Busy              somebody else holds it
│   ├── NoRoom            the estimate does not fit the disk
│   ├── OutsideWindow     the point cannot be restored
│   ├── TargetNotEmpty    the restore's folder has something in it
│   ├── TargetRefused     what a restore goes to does not take it: keys, rights, versions
│   ├── SelectionRefused  what was chosen of the data is not there, or can not be called so
│   ├── NoSuitableMongod  no binary at hand suits the source
│   └── SourceRefused     the source cannot be backed up as it is
│       ├── NotAReplicaSet, ServerTooOld, WrongReplicaSet
│       └── MissingPrivileges, OplogWindowTooShort
├── SourceError           the source did not do what it should
│   ├── SourceUnreachable
│   ├── AuthenticationFailed
│   └── CommandFailed     the server answered ok: 0 (carries its code)
│       └── ReplyTooLarge it answered with more than the caller takes
├── MongodError           a mongod of ours
│   ├── MongodLibraryMissing
│   ├── MongodFailed      did not start, or died
│   │   └── FilesDamaged  ... because of what it found in its files
│   ├── MongodBusy        it has too little cache or time just now: the same again, later
│   ├── HeadLost          a head's files, or what they have to hold, are gone
│   └── HeadSuspect       a head differs from its source, or its files are damaged
├── StorageError
│   ├── ObjectMissing
│   ├── ObjectCorrupt     bytes differ from their sha256 or format
│   ├── ObjectLocked      the store's lock on it has not ended yet: try again later
│   ├── StorageRefused    credentials, rights or the bucket are not right: people have to act
│   │   └── KeyUnusable   an encrypted store's key is missing, wrong, lost or damaged
│   ├── StorageUnreachable no answer, or one of "try again"
│   └── DiskFull
│       └── MongodDiskFull a mongod of ours found no room; a MongodFailed too
├── TargetUnreachable     what a restore goes to does not answer, or broke off
├── TargetHurt            a restore over what was there ended before it was whole: for good
├── DumpDamaged           not what mongodump writes, or cut off
├── VerificationBad       what was restored to be verified is not what it should be
├── MetadataError         the metadata database does not answer, or holds another schema
├── OplogError
│   ├── UnreadableEntry   not an oplog entry as documented
│   ├── UnknownCommand    an oplog command that we do not know: never ignored
│   └── ApplyFailed       an entry could not be applied to the head
├── ResyncRequired        the stored oplog no longer reaches the source's; carries the reason
│   └── WindowEnded       an entry that no head can follow: a new one begins behind it
├── NotificationFailed    a channel did not take a message (says whether to try again)
├── LeaseLost             another engine took over, or the heartbeat was too late
└── Cancelled             somebody asked to stop

Each error has what happened (the message), where (the object it concerns) and a hint: what
to do next. `code` is stable and is what JSON answers and tests use.
"""

from typing import ClassVar


class MmsError(Exception):
    """Base of the tree.

    `what` is a sentence without a full stop; `where` names the object (deployment, file,
    host); `hint` says what to do. None of the three may hold a secret.
    """

    code: ClassVar[str] = "error"
    default_hint: ClassVar[str] = ""

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint or self.default_hint

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class UsageError(MmsError):
    code = "usage"


class SettingsError(UsageError):
    code = "settings"


class NoEngine(MmsError):
    code = "no_engine"
    default_hint = "start one with: mmsconsole engine"


class Refused(MmsError):
    code = "refused"


class NotFound(Refused):
    code = "not_found"


class AlreadyExists(Refused):
    code = "already_exists"


class Busy(Refused):
    code = "busy"


class NoRoom(Refused):
    code = "no_room"
    default_hint = "free some space, or name a larger folder in the settings"


class OutsideWindow(Refused):
    code = "outside_window"


class TargetNotEmpty(Refused):
    code = "target_not_empty"
    default_hint = "name a folder that does not exist yet, or an empty one"


class TargetRefused(Refused):
    code = "target_refused"


class SelectionRefused(Refused):
    code = "selection_refused"


class NoSuitableMongod(Refused):
    code = "no_suitable_mongod"


class SourceRefused(Refused):
    code = "source_refused"


class NotAReplicaSet(SourceRefused):
    code = "not_a_replica_set"


class ServerTooOld(SourceRefused):
    code = "server_too_old"


class WrongReplicaSet(SourceRefused):
    code = "wrong_replica_set"


class MissingPrivileges(SourceRefused):
    code = "missing_privileges"
    default_hint = "grant the user the roles backup and clusterMonitor on admin"


class OplogWindowTooShort(SourceRefused):
    code = "oplog_window_too_short"


class SourceError(MmsError):
    code = "source"


class SourceUnreachable(SourceError):
    code = "source_unreachable"
    default_hint = "check host and port, that mongod runs there, and that this host may reach it"


class AuthenticationFailed(SourceError):
    code = "authentication_failed"
    default_hint = (
        "check user, password and authSource (the database that the user was created in; admin "
        "if the connection string names none)"
    )


class CommandFailed(SourceError):
    """A server answered ok: 0; `server_code` is its error code, `reply` its whole answer."""

    code = "command_failed"

    def __init__(
        self,
        what: str,
        *,
        server_code: int = 0,
        where: str = "",
        hint: str = "",
        reply: object = None,
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.server_code = server_code
        self.reply = reply


class ReplyTooLarge(CommandFailed):
    """It was passed over unread: the connection is good for more."""

    code = "reply_too_large"


class MongodError(MmsError):
    code = "mongod"


class MongodLibraryMissing(MongodError):
    code = "mongod_library_missing"


class MongodFailed(MongodError):
    """`status` is what it ended with, 128 + signal where one ended it; None: it did not end."""

    code = "mongod_failed"

    def __init__(
        self, what: str, *, where: str = "", hint: str = "", status: int | None = None
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.status = status


class FilesDamaged(MongodFailed):
    code = "files_damaged"


class MongodBusy(MongodError):
    """Nothing is wrong with what it holds."""

    code = "mongod_busy"
    default_hint = "it is tried again; if it lasts, give the heads more cache: heads.cache_gb"


class HeadLost(MongodError):
    code = "head_lost"


class HeadSuspect(MongodError):
    """A head must not be trusted: nothing good comes of going on with it."""

    code = "head_suspect"
    default_hint = (
        "the engine makes it anew by itself where it can: see mmsconsole backup status NAME"
    )


class StorageError(MmsError):
    code = "storage"


class ObjectMissing(StorageError):
    code = "object_missing"


class ObjectCorrupt(StorageError):
    code = "object_corrupt"


class ObjectLocked(StorageError):
    """Who deletes takes it as: try again later."""

    code = "object_locked"
    default_hint = "it can be deleted when its lock has ended; nothing has to be done"


class StorageRefused(StorageError):
    """The place answers, and does not let us: trying again changes nothing."""

    code = "storage_refused"
    default_hint = "check credentials, rights and the name of the bucket: mmsconsole doctor"


class KeyUnusable(StorageRefused):
    """Nothing is wrong with the objects: with the right key they can be read."""

    code = "key_unusable"
    default_hint = "name the store's master key in its settings: key_file or key_command"


class StorageUnreachable(StorageError):
    """The way to the place, or the place itself, failed: worth another try."""

    code = "storage_unreachable"
    default_hint = "check the network and the endpoint: mmsconsole doctor; it is tried again"


class DiskFull(StorageError):
    code = "disk_full"
    default_hint = "free some space; what was being written has been taken away again"


class MongodDiskFull(DiskFull, MongodFailed):
    """To who looks after the mongod it is one that failed, to people a full disk."""

    code = "mongod_disk_full"


class MetadataError(MmsError):
    code = "metadata"


class OplogError(MmsError):
    code = "oplog"


class UnreadableEntry(OplogError):
    code = "unreadable_entry"


class UnknownCommand(OplogError):
    code = "unknown_command"


class ApplyFailed(OplogError):
    code = "apply_failed"


class ResyncRequired(MmsError):
    code = "resync_required"
    default_hint = "start the backup again: a new initial sync is made, older snapshots stay"


class WindowEnded(ResyncRequired):
    """`at` is the entry: (seconds, increment). Every moment before it stays restorable."""

    code = "window_ended"

    def __init__(
        self, what: str, *, at: tuple[int, int] = (0, 0), where: str = "", hint: str = ""
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.at = at


class TargetHurt(MmsError):
    code = "target_hurt"
    default_hint = "restore them again"


class TargetUnreachable(MmsError):
    code = "target_unreachable"
    default_hint = "what was sent is kept there; it is tried again"


class DumpDamaged(MmsError):
    """Of a dump from outside: an archive, a file of a dump folder, or a name in them."""

    code = "dump_damaged"
    default_hint = "take another copy of the dump: this one is damaged, or mongodump did not end"


class VerificationBad(MmsError):
    code = "verification_bad"
    default_hint = "what a bad verdict means, and what to do: docs/verification.md"


class NotificationFailed(MmsError):
    """`again`: another try may do; else people have to change something first."""

    code = "notification_failed"
    default_hint = "check the channel's settings, then: mmsconsole alert test CHANNEL"

    def __init__(self, what: str, *, again: bool = True, where: str = "", hint: str = "") -> None:
        super().__init__(what, where=where, hint=hint)
        self.again = again


class LeaseLost(MmsError):
    code = "lease_lost"


class Cancelled(MmsError):
    code = "cancelled"

    def __init__(self, what: str = "cancelled", *, where: str = "", hint: str = "") -> None:
        super().__init__(what, where=where, hint=hint)


def by_code(code: str) -> type[MmsError]:
    """The class that has this code, to say again what was written down; MmsError if none has."""
    waiting: list[type[MmsError]] = [MmsError]
    while waiting:
        kind = waiting.pop()
        if kind.code == code:
            return kind
        waiting.extend(kind.__subclasses__())
    return MmsError
