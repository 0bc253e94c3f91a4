"""Celery: executes and never remembers. What is due stands in the database."""

import os
from functools import partial
from queue import Full, Queue
from threading import Lock, Thread
from typing import Any

import structlog
from celery import Celery, Task
from django.db import transaction

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

log = structlog.get_logger(__name__)


class LeadrelayCelery(Celery):
    """Tasks are named without `apps.`: assignments.tasks.expire_due."""

    def gen_task_name(self, name: str, module: str) -> str:
        return super().gen_task_name(name, module.removeprefix("apps."))


app = LeadrelayCelery("leadrelay")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


class Nudger:
    """Publishes from one thread of its own, so that nobody waits for the broker.

    A nudge that finds the queue full or the broker away is dropped and logged: the row that
    it speaks of stays due, and the next tick or the relay finds it.
    """

    def __init__(self, limit: int = 1000) -> None:
        self._queue: Queue[partial[Any]] = Queue(maxsize=limit)
        self._starting = Lock()
        self._thread: Thread | None = None

    def send(self, task: Task[..., Any], *args: Any) -> None:
        self._start()
        try:
            self._queue.put_nowait(partial(task.apply_async, args=args))
        except Full:
            log.warning("nudge_dropped", task=task.name, reason="queue full")

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="nudger", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            publish = self._queue.get()
            try:
                publish()
            except Exception as error:
                log.warning("nudge_failed", error=str(error))


_nudger = Nudger()


def nudge(task: Task[..., Any], *args: Any) -> None:
    """Ask a worker to run `task` once the present transaction is committed. Never raises."""
    transaction.on_commit(partial(_nudger.send, task, *args), robust=True)
