"""The five processes of a site, each as a command line. The Procfile says the same."""

import sys
from collections.abc import Mapping


def command(name: str, environment: Mapping[str, str]) -> list[str]:
    """How to start web, worker, beat, relay or deliver from the project's folder."""
    known = {"web": web, "worker": worker, "beat": beat, "relay": relay, "deliver": deliver}
    return known[name](environment)


def web(environment: Mapping[str, str]) -> list[str]:
    """Pages, API and websockets. A websocket frame over 64 kB closes with 1009."""
    return [
        *(sys.executable, "-m", "uvicorn", "config.asgi:application"),
        *("--host", environment.get("HOST", "127.0.0.1"), "--port", environment["PORT"]),
        *("--workers", environment.get("WEB_WORKERS", "2")),
        *("--lifespan", "off", "--no-access-log", "--no-server-header", "--log-level", "warning"),
        *("--ws", "websockets-sansio", "--ws-max-size", "65536"),
        *("--ws-per-message-deflate", "false"),
        *("--ws-ping-interval", "20", "--ws-ping-timeout", "20"),
        *("--timeout-graceful-shutdown", "5"),
    ]


def worker(environment: Mapping[str, str]) -> list[str]:
    return [
        *(sys.executable, "-m", "celery", "-A", "config", "worker"),
        *("--loglevel", "WARNING", "--concurrency", environment.get("WORKER_CONCURRENCY", "2")),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]


def beat(environment: Mapping[str, str]) -> list[str]:
    return [
        *(sys.executable, "-m", "celery", "-A", "config", "beat"),
        *("--loglevel", "WARNING", "--pidfile", ""),
    ]


def relay(environment: Mapping[str, str]) -> list[str]:
    return [sys.executable, "manage.py", "relay"]


def deliver(environment: Mapping[str, str]) -> list[str]:
    return [sys.executable, "manage.py", "deliver"]
