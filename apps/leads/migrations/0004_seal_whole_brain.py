from django.db import migrations

from apps.teams.sealing import SealTeam


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0003_whole_brain"),
        ("teams", "0004_seal_whole_brain"),
    ]

    operations = [
        SealTeam("Lead", ["linked_to", "merged_into"]),
        SealTeam("LeadEvent", ["lead"]),
        migrations.RunSQL(
            "UPDATE leads_lead SET last_heard_at = received_at WHERE last_heard_at IS NULL",
            migrations.RunSQL.noop,
        ),
    ]
