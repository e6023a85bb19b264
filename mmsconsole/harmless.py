"""Text from outside, made harmless for terminals: nothing in it can steer them."""


def harmless(text: str) -> str:
    """Control, format and unassigned characters as escapes that can be read."""
    return "".join(c if c.isprintable() else _escape(ord(c)) for c in text)


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
