"""What messages are about, what contacts said about each of that, and what they had said before."""

from django.core.validators import RegexValidator
from django.db import models

from contacts.models.consent import Said
from contacts.models.contact import TAKEN_ALONG, Contact

LONGEST_KEY = 60
KEY = r"[a-z0-9][a-z0-9_-]*"


class Topic(models.Model):
    """What messages can be about. Messages name it by its key, which stays: lists and links of sent mails have it."""

    class Policy(models.TextChoices):
        OPT_OUT = "opt_out", "Everybody gets it who has not said no"
        OPT_IN = "opt_in", "Only those get it who said yes"

    key = models.CharField(
        max_length=LONGEST_KEY,
        unique=True,
        validators=[RegexValidator(rf"^{KEY}\Z", "Write small letters, digits, - and _ only, as in product-news.")],
        help_text="How messages, links and the API call it, as in product-news. It cannot be changed later.",
    )
    name = models.CharField(max_length=100, help_text="What contacts read, such as “Product news”.")
    description = models.CharField(
        max_length=300, blank=True, help_text="One sentence for contacts: what it is and how often it comes."
    )
    policy = models.CharField("Who gets it", max_length=8, choices=Policy.choices, default=Policy.OPT_OUT)
    public = models.BooleanField(
        "Show it on the preference page",
        default=True,
        help_text="Contacts choose there. A topic that is not shown can still be left by the link in its messages.",
    )
    double_opt_in = models.BooleanField(
        "Programs cannot subscribe anybody by themselves",
        default=False,
        help_text="The API then has to ask the contact, who confirms by the link in an email (double opt-in).",
    )
    position = models.PositiveIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class TopicConsent(Said):
    """What a contact last said about a topic on a channel; no row means that the topic's policy decides."""

    contact = models.ForeignKey(
        Contact, on_delete=TAKEN_ALONG, related_name="topic_consents", db_constraint=False, db_index=False
    )
    topic = models.ForeignKey(
        Topic, on_delete=models.PROTECT, related_name="consents", db_constraint=False, db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "topic", "channel"], name="topic_consent_unique")]

    def __str__(self) -> str:
        return f"{self.topic_id} by {self.channel}: {self.state}"


class PastConsent(Said):
    """What a contact had said before they said something else; `topic` is null where it was about the whole channel.

    Triggers keep it (see migration 0010), so that no writer can forget to: what is replaced comes here as it was. What
    holds now stands in `Consent` and `TopicConsent`, so that whoever says something for the first time is one row.
    """

    contact = models.ForeignKey(
        Contact, on_delete=TAKEN_ALONG, related_name="past_consents", db_constraint=False, db_index=False
    )
    topic = models.ForeignKey(Topic, null=True, on_delete=models.PROTECT, db_constraint=False, db_index=False)

    class Meta:
        indexes = [models.Index(fields=["contact"], name="past_consent_contact")]

    def __str__(self) -> str:
        return f"{self.channel}: {self.state}"
