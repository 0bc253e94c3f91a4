from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("rules", "0009_invited_seats"),
    ]

    operations = [
        SealTeam("InvitedSeat", ["invitation", "pool"]),
    ]
