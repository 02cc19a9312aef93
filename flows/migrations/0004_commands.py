"""Stopping and clearing, reasons of states, and indexes of who is inside and who failed."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0006_membership'),
        ('flows', '0003_journeys'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='execution',
            name='execution_due',
        ),
        migrations.RemoveField(
            model_name='scenario',
            name='cleared_at',
        ),
        migrations.AddField(
            model_name='scenario',
            name='cleared_because',
            field=models.CharField(choices=[('stopped', 'The scenario was stopped.'), ('cleared', 'All contacts were taken out of the scenario.')], default='', editable=False, max_length=10),
        ),
        migrations.AddField(
            model_name='scenario',
            name='cleared_upto',
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='scenario',
            name='state_reason',
            field=models.TextField(default='', editable=False, help_text='Why it came to its state, where nobody did it.'),
        ),
        migrations.AddIndex(
            model_name='execution',
            index=models.Index(condition=models.Q(('state__in', ['pending', 'waiting'])), fields=['scenario', 'due_at'], name='execution_due'),
        ),
        migrations.AddIndex(
            model_name='execution',
            index=models.Index(condition=models.Q(('state', 'failed')), fields=['scenario', 'node'], name='execution_failed'),
        ),
    ]
