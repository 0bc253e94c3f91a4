"""What Celery runs for alerts. Everything that is due stands in the database."""

from celery import shared_task
from django.utils import timezone

from apps.alerts import mails
from apps.alerts.push import sending


@shared_task(name="alerts.tasks.send_emails")
def send_emails() -> int:
    """Mail what is due; how many mails. May run twice, and several at once."""
    return mails.send_due(now=timezone.now())


@shared_task(name="alerts.tasks.send_pushes")
def send_pushes() -> int:
    """Tell devices that are behind; how many notifications. May run twice, and several at once."""
    return sending.send_due(now=timezone.now())
