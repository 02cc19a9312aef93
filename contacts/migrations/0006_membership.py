"""Makes room for the members of segments, and begins to follow the timeline where it ends now."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

taken_along = import_module("contacts.migrations.0004_taken_along")

# What happened before is known once the segments have been filled.
CURSOR = """
INSERT INTO contacts_eventcursor (consumer, xact, event_id)
SELECT 'segments', xact, id FROM contacts_event ORDER BY xact DESC, id DESC LIMIT 1
ON CONFLICT (consumer) DO NOTHING
"""


# As in 0004, and members with it.
TAKE_ALONG = """
CREATE OR REPLACE FUNCTION contacts_take_along() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM contacts_event WHERE contact_id = OLD.id;
    DELETE FROM contacts_contacttag WHERE contact_id = OLD.id;
    DELETE FROM contacts_consent WHERE contact_id = OLD.id;
    DELETE FROM contacts_membership WHERE contact_id = OLD.id;
    RETURN NULL;
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0005_cheaper_search_index'),
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
                ('contact', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='contacts.contact')),
                ('segment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='contacts.segment')),
            ],
            options={
                'indexes': [models.Index(fields=['contact', 'segment'], name='membership_contact')],
            },
        ),
        migrations.RunSQL(TAKE_ALONG, taken_along.TAKE_ALONG.partition("CREATE TRIGGER")[0].replace("CREATE", "CREATE OR REPLACE", 1)),
        migrations.RunSQL(CURSOR, "DELETE FROM contacts_eventcursor WHERE consumer = 'segments'"),
    ]
