from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TeamsConfig(AppConfig):
    name = "apps.teams"
    verbose_name = _("Teams")

    def ready(self) -> None:
        from apps.teams import checks  # noqa: F401  (registers the policy check)
