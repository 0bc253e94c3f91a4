from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("agency", "0005_report_plans"),
        ("teams", "0006_agencies"),
    ]

    operations = [
        SealTeam("ReportSchedule", ["grant"]),
        SealTeam("ReportMail", ["schedule"]),
    ]
