"""Logs as JSON lines, each with the id of its request and without anybody's secrets."""

import re
from typing import Any

import structlog

# Addresses whose path is itself a key: captures, hosted forms, invitations, password resets.
_SECRET_PATH = re.compile(r"(/(?:capture|f|invitations|key|confirm-email)/)[^/\s?\"']+")
_QUERY = re.compile(r"\?[^\s\"']*")
# Every key that we make, wherever it turns up: 32 random bytes (apps/teams/secrets.py).
_KEY = re.compile(r"(?<![\w-])(lr_|whsec_)?[\w-]{43}(?![\w-])", re.ASCII)
_ADDRESSES = frozenset({"event", "request"})


def hide_secrets(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Cut keys out of every line, and query strings, which may hold a name or a phone.

    Comes last, so that it sees what others add too: Django's loggers pass the whole request
    along, a traceback may quote anything.
    """
    for name, value in event.items():
        if name in _ADDRESSES:
            event[name] = _QUERY.sub("", _SECRET_PATH.sub(r"\1…", _KEY.sub(r"\1…", str(value))))
        elif isinstance(value, str):
            event[name] = _KEY.sub(r"\1…", value)
    return event


def configure(*, level: str, as_json: bool) -> dict[str, Any]:
    """Set structlog up and return the LOGGING setting that the rest of Python follows."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": _formatter(shared, as_json=as_json)},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # Its access lines would show whole addresses; django_structlog writes ours.
            "uvicorn.access": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
        },
    }


def _formatter(shared: list[Any], *, as_json: bool) -> dict[str, Any]:
    """Render records of structlog and of the standard library alike."""
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    errors = [structlog.processors.format_exc_info] if as_json else []
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder()],
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *errors,
            hide_secrets,
            renderer,
        ],
    }
