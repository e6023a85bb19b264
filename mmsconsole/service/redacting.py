"""No token gets into a log: what may quote a request is logged through here."""

import logging
import re

_SECRET = re.compile(r"(/download/[^/\s\"']*/)[^/\s\"'?]+")
HIDDEN = r"\1***"


def redacted(text: str) -> str:
    return _SECRET.sub(HIDDEN, text)


class Redacting(logging.Filter):
    """What a logger logs, without tokens and without tracebacks: those quote what was sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            said = f"{said}: {type(record.exc_info[1]).__name__}"
        record.msg, record.args = redacted(said), None
        record.exc_info, record.exc_text, record.stack_info = None, None, None
        return True


def redacting_logger(name: str) -> logging.Logger:
    logger = logging.getLogger(name)
    if not any(isinstance(each, Redacting) for each in logger.filters):
        logger.addFilter(Redacting())
    return logger
