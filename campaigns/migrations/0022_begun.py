"""A claim has a lease of its own, with a mark that its hand-over has begun."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0020_topics")]

    operations = [
        migrations.CreateModel(
            name="Lease",
            fields=[
                ("owner", models.UUIDField(primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
                ("begun", models.BooleanField(db_default=False)),
            ],
        ),
        migrations.RunSQL(
            "ALTER TABLE campaigns_lease SET UNLOGGED", "ALTER TABLE campaigns_lease SET LOGGED", elidable=False
        ),
    ]
