from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AssignmentsConfig(AppConfig):
    name = "apps.assignments"
    verbose_name = _("Assignments")

    def ready(self) -> None:
        """Pages of pools show what routing would decide: they read by the same road."""
        from apps.assignments.seats import seating
        from apps.rules.pools import standing

        standing.read_with(seating.facts_of)
