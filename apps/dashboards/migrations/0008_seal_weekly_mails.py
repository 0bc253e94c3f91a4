from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [("dashboards", "0007_weekly_mails")]

    operations = [SealTeam("WeeklyMail", ["membership"])]
