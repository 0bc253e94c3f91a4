"""Tells Django to use our admin site (config/admin_site.py)."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    default_site = "config.admin_site.Administration"
