from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assignments", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(
                fields=("team", "id"), name="assignments_decision_team_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.UniqueConstraint(
                fields=("team", "id"), name="assignments_offer_team_id"
            ),
        ),
    ]
