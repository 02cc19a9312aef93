"""People are merged, erased, looked for twice and edited by the thousand; lists are kept as views."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# A trigger of its own beside the one of 0004, which others extend: what hangs on a contact goes with them.
TAKE_ALONG = """
CREATE FUNCTION contacts_take_along_people() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM contacts_pair WHERE one_id = OLD.id;
    DELETE FROM contacts_pair WHERE other_id = OLD.id;
    DELETE FROM contacts_merge WHERE kept_id = OLD.id;
    DELETE FROM contacts_erasure WHERE contact_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER contact_takes_people_along AFTER DELETE ON contacts_contact
    FOR EACH ROW EXECUTE FUNCTION contacts_take_along_people()
"""
LEAVE = """
DROP TRIGGER contact_takes_people_along ON contacts_contact;
DROP FUNCTION contacts_take_along_people()
"""


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0010_topics'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BulkEdit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(choices=[('add_tag', 'Add tags'), ('remove_tag', 'Remove tags'), ('set_consent', 'Set consent'), ('set_attribute', 'Set an attribute'), ('clear_attribute', 'Clear an attribute'), ('delete', 'Delete'), ('erase', 'Erase')], max_length=16)),
                ('values', models.JSONField(default=dict, help_text='What the action needs: tags, channel and state, key and value.')),
                ('selection', models.JSONField(default=dict, help_text='How the contacts were chosen, for people to read.')),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('cancelled', 'Cancelled'), ('failed', 'Failed')], default='queued', max_length=9)),
                ('total', models.BigIntegerField(default=0, help_text='Contacts that were meant.')),
                ('done', models.BigIntegerField(default=0, help_text='Of those, how many have had their turn.')),
                ('changed', models.BigIntegerField(default=0, help_text='Of those, how many were not so already.')),
                ('error', models.TextField(blank=True)),
                ('source', models.CharField(help_text='What events and consent say made the change.', max_length=200)),
                ('created_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='BulkEditPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.IntegerField()),
                ('contacts', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
            ],
        ),
        migrations.CreateModel(
            name='ErasedAddress',
            fields=[
                ('digest', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('source', models.CharField(max_length=200)),
                ('xact', models.BigIntegerField(editable=False, null=True)),
                ('settled', models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name='Merge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gone_id', models.BigIntegerField(unique=True)),
                ('at', models.DateTimeField()),
                ('source', models.CharField(max_length=200)),
                ('choices', models.JSONField(default=dict, help_text='Field → whose value was taken: kept or gone.')),
                ('before', models.JSONField(default=dict, help_text='What the two were before: {“kept”: fields, “gone”: fields}.')),
                ('xact', models.BigIntegerField(editable=False, null=True)),
                ('settled', models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name='Pair',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('score', models.SmallIntegerField()),
                ('reasons', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None)),
                ('search', models.BigIntegerField(help_text='The search that found it last.')),
                ('found_at', models.DateTimeField()),
                ('dismissed_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='PairSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.IntegerField(default=0)),
                ('steps', models.IntegerField()),
                ('pairs', models.IntegerField(default=0, help_text='Found so far.')),
                ('truncated', models.BooleanField(default=False, help_text='There were more than are kept.')),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('filters', models.JSONField(default=dict)),
                ('columns', models.JSONField(default=list)),
                ('shared', models.BooleanField(default=False, help_text='Everybody who sees contacts sees it.')),
                ('position', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.AlterModelOptions(
            name='contact',
            options={'permissions': [('merge_contact', 'Can merge contacts'), ('erase_contact', 'Can erase people for good'), ('export_contact', 'Can take contacts out as files')]},
        ),
        migrations.AddField(
            model_name='contact',
            name='erased_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(condition=models.Q(('erased_at__isnull', False)), fields=['id'], name='contact_erased'),
        ),
        migrations.AddField(
            model_name='bulkedit',
            name='created_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='bulkeditpart',
            name='edit',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='contacts.bulkedit'),
        ),
        migrations.AddField(
            model_name='erasure',
            name='by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='erasure',
            name='contact',
            field=models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='contacts.contact'),
        ),
        migrations.AddField(
            model_name='merge',
            name='by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='merge',
            name='kept',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='merges', to='contacts.contact'),
        ),
        migrations.AddField(
            model_name='pair',
            name='dismissed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='pair',
            name='one',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.contact'),
        ),
        migrations.AddField(
            model_name='pair',
            name='other',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.contact'),
        ),
        migrations.AddConstraint(
            model_name='pairsearch',
            constraint=models.UniqueConstraint(models.Value(1), condition=models.Q(('finished_at__isnull', True)), name='pair_search_single'),
        ),
        migrations.AddField(
            model_name='savedview',
            name='opens_for',
            field=models.ManyToManyField(blank=True, related_name='first_contact_view', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='savedview',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contact_views', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='bulkeditpart',
            constraint=models.UniqueConstraint(fields=('edit', 'place'), name='bulk_edit_part_unique'),
        ),
        migrations.AddIndex(
            model_name='erasure',
            index=models.Index(condition=models.Q(('settled', False)), fields=['id'], name='erasure_unsettled'),
        ),
        migrations.AddIndex(
            model_name='merge',
            index=models.Index(condition=models.Q(('settled', False)), fields=['id'], name='merge_unsettled'),
        ),
        migrations.AddIndex(
            model_name='pair',
            index=models.Index(condition=models.Q(('dismissed_at__isnull', True)), fields=['-score', '-id'], name='pair_open'),
        ),
        migrations.AddConstraint(
            model_name='pair',
            constraint=models.UniqueConstraint(fields=('one', 'other'), name='pair_unique'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(fields=('owner', 'name'), name='saved_view_name'),
        ),
        migrations.RunSQL(TAKE_ALONG, LEAVE),
    ]
