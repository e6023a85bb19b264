"""Paths of a head's files, as manifests name them: never to be trusted."""

PATH_BYTES_MAX = 4096
NAME_BYTES_MAX = 255


def is_plain_path(path: str) -> bool:
    """Whether the path, appended to a folder, can only name something below that folder."""
    try:
        encoded = path.encode()
    except UnicodeEncodeError:
        return False
    if len(encoded) > PATH_BYTES_MAX or b"\x00" in encoded:
        return False
    parts = encoded.split(b"/")
    return all(part not in (b"", b".", b"..") and len(part) <= NAME_BYTES_MAX for part in parts)
