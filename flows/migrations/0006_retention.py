"""Remembers how far steps have been swept."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0007_retention'),
        ('flows', '0005_edits'),
    ]

    operations = [
        migrations.CreateModel(
            name='Sweep',
            fields=[
                ('name', models.CharField(max_length=50, primary_key=True, serialize=False)),
                ('position', models.BigIntegerField(default=0)),
                ('rested_at', models.DateTimeField(null=True)),
            ],
        ),
    ]
