from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("agency", "0001_initial"),
        ("teams", "0006_agencies"),
    ]

    operations = [
        SealTeam("ReportSchedule", ["grant"]),
    ]
