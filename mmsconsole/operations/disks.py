"""What the file systems say."""

from mmsconsole.restore.room import disk_of as disk_of
from mmsconsole.restore.room import existing as existing
