"""`manage.py count_track_records`: measure members anew where pools ask for it, now."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.assignments.seats import track_records


class Command(BaseCommand):
    help = "Count what members made of their leads, for pools that rank by it."

    def handle(self, *args: Any, **options: Any) -> None:
        count = track_records.count_all(now=timezone.now())
        self.stdout.write(f"{count} track records are counted.")
