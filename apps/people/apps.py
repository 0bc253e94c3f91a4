from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    """The pages about members, seen with all that they do; what they are is kept in `teams`."""

    name = "apps.people"
    verbose_name = _("People")
