"""What re-entry, exits, live edits and the operators' commands need to know."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('flows', '0002_listens_to'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='execution',
            name='arrived_at',
            field=models.DateTimeField(help_text='When it came to the node where it stands.', null=True),
        ),
        migrations.RunSQL(
            '''UPDATE flows_execution e SET arrived_at = COALESCE(
                (SELECT at FROM flows_step s WHERE s.execution_id = e.id AND s.number = e.moves - 1), entered_at)''',
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name='execution',
            name='arrived_at',
            field=models.DateTimeField(help_text='When it came to the node where it stands.'),
        ),
        migrations.AddField(
            model_name='flow',
            name='backfills',
            field=models.JSONField(default=list, help_text='[node, port] of ends that lead on now, for those who had finished there.'),
        ),
        migrations.AddField(
            model_name='flow',
            name='redirects',
            field=models.JSONField(default=dict, help_text='Removed node → where its contacts go, or null: they leave.'),
        ),
        migrations.AddField(
            model_name='flow',
            name='retimes',
            field=models.JSONField(default=list, help_text='Nodes whose waiters wait anew, counted from their arrival.'),
        ),
        migrations.AddField(
            model_name='flow',
            name='settled_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='scenario',
            name='awaits',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), default=list, editable=False, size=None),
        ),
        migrations.AddField(
            model_name='scenario',
            name='cleared_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='scenario',
            name='draft',
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='scenario',
            name='draft_saved_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='scenario',
            name='draft_saved_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='scenario',
            name='exits',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='scenario',
            name='follows',
            field=models.CharField(choices=[('live', 'Everybody follows the newest version'), ('entered', 'Contacts finish the version that they entered')], default='live', max_length=10),
        ),
        migrations.AddField(
            model_name='scenario',
            name='keeps_when_stopped',
            field=models.BooleanField(default=False, help_text='Whether contacts inside stay where they are when the scenario is stopped.'),
        ),
        migrations.AddField(
            model_name='scenario',
            name='most_rounds',
            field=models.PositiveIntegerField(default=100, help_text='How often a contact goes back to an earlier step of the same loop; then it leaves.'),
        ),
        migrations.AddField(
            model_name='scenario',
            name='overdue',
            field=models.JSONField(default=dict, editable=False),
        ),
        migrations.AddField(
            model_name='scenario',
            name='reentry_hours',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='scenario',
            name='starts_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='scenario',
            name='reentry',
            field=models.CharField(choices=[('once', 'Once: a contact enters one time only'), ('not_while_inside', 'Not while inside: again only after having left'), ('restart', 'Restart: entering again ends the pass before and begins anew'), ('every_time', 'Every time: passes may run side by side'), ('spaced', 'At most every so often: not while inside, and some time after the last entry')], default='not_while_inside', max_length=20),
        ),
        migrations.AddIndex(
            model_name='flow',
            index=models.Index(condition=models.Q(('settled_at__isnull', True)), fields=['id'], name='flow_unsettled'),
        ),
        migrations.RunSQL('UPDATE flows_flow SET settled_at = created_at', migrations.RunSQL.noop),
    ]
