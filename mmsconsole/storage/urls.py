"""URLs of stores: taken apart, checked, and shown without what is secret in them.

s3://BUCKET/PREFIX?endpoint=http://127.0.0.1:9000&region=eu-central-1&path_style=true
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

from mmsconsole.errors import SettingsError, StorageError
from mmsconsole.storage.keys import check_key

WHERE = "url"
"""The key of the settings."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")


@dataclass(frozen=True, slots=True)
class BucketUrl:
    """scheme://bucket/prefix?parameters"""

    scheme: str
    bucket: str
    prefix: str
    """Without a slash at either end; empty: the whole bucket."""
    parameters: dict[str, str]

    def flag(self, name: str) -> bool:
        """Raises SettingsError where the parameter is neither true nor false."""
        value = self.parameters.get(name, "false").lower()
        if value not in (*_TRUE, *_FALSE):
            raise SettingsError(f"{name} is neither true nor false", where=WHERE)
        return value in _TRUE


def scheme_of(url: str) -> str:
    """Empty for a folder."""
    found = _SCHEME.match(url)
    return found[1].lower() if found else ""


def shown_url(url: str) -> str:
    """What people may see: no user, no password, no value of a parameter."""
    if not scheme_of(url):
        return url
    scheme, _, rest = url.partition("://")
    place, _, parameters = rest.replace("#", "?").partition("?")
    if "@" in parameters:  # or it is a password with a question mark: nothing is safe to show
        return f"{scheme}://…"
    # A password may hold a slash although it must not: all before the last @ goes.
    return f"{scheme}://{place.rpartition('@')[2]}"


def parse_bucket_url(url: str, allowed: Sequence[str]) -> BucketUrl:
    """Raises SettingsError, which holds nothing of the parameters' values."""
    parts = _split(url)
    if "@" in parts.netloc:
        raise SettingsError(
            "credentials do not belong into the URL of a store",
            where=WHERE,
            hint="put them where the cloud's own tools look for them: see docs/storage.md",
        )
    if not parts.netloc:
        hint = f"write it as {parts.scheme}://BUCKET/PREFIX"
        raise SettingsError("names no bucket", where=WHERE, hint=hint)
    given = parse_qsl(parts.query, keep_blank_values=True)
    for name, _ in given:
        if name not in allowed:
            hint = f"allowed: {', '.join(allowed)}"
            raise SettingsError(f"no parameter {name[:40]!r}", where=WHERE, hint=hint)
    prefix = _checked_prefix(parts.path.strip("/"))
    return BucketUrl(parts.scheme.lower(), parts.netloc, prefix, dict(given))


def check_endpoint(endpoint: str) -> None:
    """Raises SettingsError unless it is an http(s) URL without anything secret in it."""
    parts = _split(endpoint)
    hint = "for example https://minio.example.com:9000"
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise SettingsError("its endpoint is not an http(s) URL", where=WHERE, hint=hint)
    if "@" in parts.netloc:
        raise SettingsError("credentials do not belong into the endpoint", where=WHERE, hint=hint)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        # Without its cause: it may quote a part of the URL.
        raise SettingsError("not a URL", where=WHERE) from None


def _checked_prefix(prefix: str) -> str:
    try:
        return check_key(prefix) if prefix else ""
    except StorageError as error:
        hint = "a prefix is of letters, digits, '.', '_', '-' and '/'"
        raise SettingsError("its prefix can not be used", where=WHERE, hint=hint) from error
