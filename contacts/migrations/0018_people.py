"""An erasure tells what named the person it was about."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("contacts", "0014_imports"),
    ]

    operations = [
        migrations.AddField(
            model_name="erasure",
            name="replaced",
            field=models.JSONField(
                default=list,
                help_text="What operators wrote that named them, or those who were erased with them, as {what, name, url}.",
            ),
        ),
    ]
