"""Makes room for the members of segments, and begins to follow the timeline where it ends now."""

import django.db.models.deletion
from django.db import migrations, models

# What happened before is known once the segments have been filled.
CURSOR = """
INSERT INTO contacts_eventcursor (consumer, xact, event_id)
SELECT 'segments', xact, id FROM contacts_event ORDER BY xact DESC, id DESC LIMIT 1
ON CONFLICT (consumer) DO NOTHING
"""


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0003_cheaper_search_words'),
    ]

    operations = [
        migrations.CreateModel(
            name='SegmentRefresh',
            fields=[
                ('segment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='contacts.segment')),
                ('follows', models.CharField(help_text='A digest of the rule, those of other segments in it included.', max_length=64)),
                ('after', models.BigIntegerField(help_text='The last contact that the pass under way has looked at.', null=True)),
                ('slice', models.IntegerField(help_text='How many contacts are looked at in one go.')),
                ('due_at', models.DateTimeField(help_text='When the next pass is to begin.')),
                ('refreshed_at', models.DateTimeField(help_text='When the last pass by this rule came to its end.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('pk', models.CompositePrimaryKey('segment_id', 'contact_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('contact', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='contacts.contact')),
                ('segment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='contacts.segment')),
            ],
            options={
                'indexes': [models.Index(fields=['contact', 'segment'], name='membership_contact')],
            },
        ),
        migrations.RunSQL(CURSOR, "DELETE FROM contacts_eventcursor WHERE consumer = 'segments'"),
    ]
