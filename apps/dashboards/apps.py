from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DashboardsConfig(AppConfig):
    name = "apps.dashboards"
    verbose_name = _("Dashboards")

    def ready(self) -> None:
        """Days are redone by a worker every second, and by the process that sends copies."""
        from apps.alerts import duties

        duties.add("figures", 1.0, _refresh)


def _refresh() -> int:
    # Imported when it is needed: arrays of numbers take a process a moment to load.
    from apps.dashboards.kept import refreshing

    return refreshing.refresh()
