"""What a restore needs and nobody may see: a connection string, a key's passphrase.

Kept apart from the restore's record, which goes into catalogues and is shown; gone when the
restore ends.
"""

from dataclasses import dataclass
from datetime import datetime

from mmsconsole.metadata.collection import Records
from mmsconsole.secret import Secret


@dataclass(frozen=True, slots=True)
class RestoreSecret:
    id: str
    secret: Secret
    created_at: datetime


class RestoreSecrets(Records[RestoreSecret]):
    name = "restore_secrets"
    record = RestoreSecret
    noun = "secret of a restore"
