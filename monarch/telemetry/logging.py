"""Where log lines go, how they look, and what they never show.

Each is one JSON object, or one line for people, on standard error: standard output is for the results of
commands. Lines of libraries (httpx, uvicorn, asyncio) go the same way, from WARNING up.

Secrets are taken out of the *finished* line, tracebacks included, so no caller can bypass that. Known secrets of
four characters and more are removed wherever they stand; everything that looks like a token of GitHub's or Slack's,
or like a password in an address, is removed as well, known or not.
"""

import logging
import os
import socket
import sys
from collections.abc import Iterable
from typing import Literal, TextIO

import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from monarch.core.redact import Redactor
from monarch.telemetry.naming import with_names

Format = Literal["json", "console"]


class _Redacting:
    """The last processor: renders the line, then takes the secrets out of it."""

    def __init__(self, render: Processor, redact: Redactor) -> None:
        self._render = render
        self._redact = redact

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> str:
        return self._redact(str(self._render(logger, name, event)))


def configure(
    format: Format,  # noqa: A002 - the setting's own word
    level: str,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> FilteringBoundLogger:
    """Set logging up for this process, once, and return the logger for `Telemetry`.

    Args:
        format: `json`, or `console` for people.
        level: `debug`, `info`, `warning` or `error`, for Monarch's own lines.
        secrets: values that must never be shown.
        stream: where to; standard error by default.
    """
    out = stream or sys.stderr
    shared = _shared(format)
    render = _Redacting(_renderer(format, colors=_has_colours(out)), Redactor(secrets))
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    _route_libraries(out, shared, render)
    logger: FilteringBoundLogger = structlog.get_logger()
    # Bound now: a lazy proxy would look up the configuration again for every line.
    return logger.bind()


def _shared(format: Format) -> list[Processor]:  # noqa: A002 - likewise
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    for_json: list[Processor] = [structlog.processors.format_exc_info] if format == "json" else []
    return [
        with_names,
        structlog.processors.add_log_level,
        stamp,
        *for_json,
    ]


def _renderer(format: Format, *, colors: bool) -> Processor:  # noqa: A002 - likewise
    if format == "json":
        return structlog.processors.JSONRenderer()
    # Plain tracebacks: the colourful ones print local variables.
    return ConsoleRenderer(colors=colors, exception_formatter=plain_traceback)


def _has_colours(out: TextIO) -> bool:
    """Whether to use colours: a terminal's own variables, which rich obeys for the commands, are not settings of Monarch."""
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") in {"dumb", "unknown"}
    return out.isatty() and not is_plain


def _route_libraries(out: TextIO, shared: list[Processor], render: Processor) -> None:
    """Let the standard library's loggers speak through ours, from WARNING up."""
    handler = logging.StreamHandler(out)
    naming = [structlog.stdlib.add_logger_name, *shared]
    finish = [ProcessorFormatter.remove_processors_meta, render]
    handler.setFormatter(ProcessorFormatter(foreign_pre_chain=naming, processors=finish))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # An earlier start of uvicorn may have given its loggers handlers of their own.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("asyncio").addFilter(_is_news)
    logging.captureWarnings(capture=True)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether asyncio says something that is not known yet.

    Looking up a name may take longer than its caller waits. The caller has reported that; that the lookup then fails, with
    no caller left, is no error of its own (uvloop cannot cancel a lookup).
    """
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, socket.gaierror) and "never retrieved" in record.getMessage())
