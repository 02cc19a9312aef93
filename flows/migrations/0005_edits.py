"""Remembers how far a version has been worked off."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('flows', '0004_commands'),
    ]

    operations = [
        migrations.AddField(
            model_name='flow',
            name='settled_up_to',
            field=models.BigIntegerField(default=0, help_text='Executions up to this id have been worked off.'),
        ),
    ]
