"""Topics, what contacts say about them, and the history of all consent, which triggers keep."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

# Once per statement, whatever it changes: what was said before is kept as it was, whoever says something else.
KEEP_PAST = """
CREATE FUNCTION contacts_keep_past_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'contacts_consent' THEN
        INSERT INTO contacts_pastconsent (contact_id, channel, state, at, source, by, proof)
        SELECT was.contact_id, was.channel, was.state, was.at, was.source, was.by, was.proof
        FROM was JOIN became ON became.id = was.id
        WHERE (was.state, was.at) IS DISTINCT FROM (became.state, became.at) ORDER BY was.id;
    ELSE
        INSERT INTO contacts_pastconsent (contact_id, topic_id, channel, state, at, source, by, proof)
        SELECT was.contact_id, was.topic_id, was.channel, was.state, was.at, was.source, was.by, was.proof
        FROM was JOIN became ON became.id = was.id
        WHERE (was.state, was.at) IS DISTINCT FROM (became.state, became.at) ORDER BY was.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER consent_keeps_past AFTER UPDATE ON contacts_consent
    REFERENCING OLD TABLE AS was NEW TABLE AS became
    FOR EACH STATEMENT EXECUTE FUNCTION contacts_keep_past_consent();
CREATE TRIGGER topic_consent_keeps_past AFTER UPDATE ON contacts_topicconsent
    REFERENCING OLD TABLE AS was NEW TABLE AS became
    FOR EACH STATEMENT EXECUTE FUNCTION contacts_keep_past_consent();
CREATE FUNCTION contacts_take_consent_along() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM contacts_topicconsent WHERE contact_id = OLD.id;
    DELETE FROM contacts_pastconsent WHERE contact_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER contact_takes_consent_along AFTER DELETE ON contacts_contact
    FOR EACH ROW EXECUTE FUNCTION contacts_take_consent_along()
"""
FORGET = """
DROP TRIGGER contact_takes_consent_along ON contacts_contact;
DROP TRIGGER topic_consent_keeps_past ON contacts_topicconsent;
DROP TRIGGER consent_keeps_past ON contacts_consent;
DROP FUNCTION contacts_take_consent_along(), contacts_keep_past_consent()
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0009_attributes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Topic",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.CharField(
                        help_text="How messages, links and the API call it, as in product-news. It cannot be changed later.",
                        max_length=60,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9][a-z0-9_-]*\\Z",
                                "Write small letters, digits, - and _ only, as in product-news.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(help_text="What contacts read, such as “Product news”.", max_length=100)),
                (
                    "description",
                    models.CharField(
                        blank=True,
                        help_text="One sentence for contacts: what it is and how often it comes.",
                        max_length=300,
                    ),
                ),
                (
                    "policy",
                    models.CharField(
                        choices=[
                            ("opt_out", "Everybody gets it who has not said no"),
                            ("opt_in", "Only those get it who said yes"),
                        ],
                        default="opt_out",
                        max_length=8,
                        verbose_name="Who gets it",
                    ),
                ),
                (
                    "public",
                    models.BooleanField(
                        default=True,
                        help_text="Contacts choose there. A topic that is not shown can still be left by the link in its messages.",
                        verbose_name="Show it on the preference page",
                    ),
                ),
                (
                    "double_opt_in",
                    models.BooleanField(
                        default=False,
                        help_text="The API then has to ask the contact, who confirms by the link in an email (double opt-in).",
                        verbose_name="Programs cannot subscribe anybody by themselves",
                    ),
                ),
                ("position", models.PositiveIntegerField(default=0)),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["position", "id"],
            },
        ),
        migrations.AddField(
            model_name="consent",
            name="by",
            field=models.CharField(
                blank=True, db_default="", help_text="Who or which program kept it.", max_length=200
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="proof",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="installation",
            name="double_opt_in",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="The API then has to ask the contact, who confirms by the link in an email (double opt-in).",
                verbose_name="Programs cannot subscribe anybody by themselves",
            ),
        ),
        migrations.AlterField(
            model_name="consent",
            name="state",
            field=models.CharField(
                choices=[
                    ("subscribed", "Subscribed"),
                    ("unsubscribed", "Unsubscribed"),
                    ("pending", "Pending"),
                    ("unknown", "Unknown"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="PastConsent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(choices=[("email", "Email"), ("sms", "SMS")], max_length=8)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("subscribed", "Subscribed"),
                            ("unsubscribed", "Unsubscribed"),
                            ("pending", "Pending"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "source",
                    models.CharField(
                        blank=True, help_text="Where it was said: import, api, unsubscribe page…", max_length=200
                    ),
                ),
                (
                    "by",
                    models.CharField(
                        blank=True, db_default="", help_text="Who or which program kept it.", max_length=200
                    ),
                ),
                ("proof", models.JSONField(blank=True, null=True)),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="past_consents",
                        to="contacts.contact",
                    ),
                ),
                (
                    "topic",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="contacts.topic",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["contact"], name="past_consent_contact")],
            },
        ),
        migrations.CreateModel(
            name="TopicConsent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(choices=[("email", "Email"), ("sms", "SMS")], max_length=8)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("subscribed", "Subscribed"),
                            ("unsubscribed", "Unsubscribed"),
                            ("pending", "Pending"),
                            ("unknown", "Unknown"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "source",
                    models.CharField(
                        blank=True, help_text="Where it was said: import, api, unsubscribe page…", max_length=200
                    ),
                ),
                (
                    "by",
                    models.CharField(
                        blank=True, db_default="", help_text="Who or which program kept it.", max_length=200
                    ),
                ),
                ("proof", models.JSONField(blank=True, null=True)),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="topic_consents",
                        to="contacts.contact",
                    ),
                ),
                (
                    "topic",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to="contacts.topic",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("contact", "topic", "channel"), name="topic_consent_unique")
                ],
            },
        ),
        migrations.RunSQL(KEEP_PAST, FORGET),
    ]
