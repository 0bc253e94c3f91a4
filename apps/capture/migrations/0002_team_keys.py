from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("capture", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model_name="import",
            constraint=models.UniqueConstraint(
                fields=("team", "id"), name="capture_import_team_id"
            ),
        ),
    ]
