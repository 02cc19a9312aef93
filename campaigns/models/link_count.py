"""Which links were clicked: by whom, once and for all, and how many per day."""

from django.db import models

from campaigns.models.content import Content
from campaigns.models.message import Message
from campaigns.models.origin import Origin
from contacts.models.contact import Contact


class LinkClick(models.Model):
    """The first click on the n-th link of a message. `first`: also the contact's first one on this link of the origin,
    of whose messages they may have several."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    number = models.PositiveSmallIntegerField()
    origin = models.ForeignKey(Origin, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    content = models.ForeignKey(Content, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    # Goes with its message, and so with its contact.
    contact = models.ForeignKey(Contact, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    first = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "number"], name="link_click_once"),
            models.UniqueConstraint(
                fields=["contact", "origin", "content", "number"],
                condition=models.Q(first=True),
                name="link_click_first",
            ),
        ]

    def __str__(self) -> str:
        return f"link {self.number} of message {self.message_id}"


class LinkCount(models.Model):
    """Differences, as those of DayCount: `clicks` in as many messages, `people` who did for the first time."""

    day = models.DateField()
    origin = models.ForeignKey(Origin, on_delete=models.CASCADE, db_index=False)
    content = models.ForeignKey(Content, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    number = models.PositiveSmallIntegerField()
    clicks = models.BigIntegerField(db_default=0)
    people = models.BigIntegerField(db_default=0)
    loose = models.BooleanField(db_default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "origin", "content", "number"],
                condition=models.Q(loose=False),
                name="link_count_squashed",
            )
        ]
        indexes = [
            models.Index(fields=["origin", "day"], name="link_count_origin"),
            models.Index(fields=["id"], condition=models.Q(loose=True), name="link_count_loose"),
        ]

    def __str__(self) -> str:
        return f"link {self.number} of {self.content_id} on {self.day}"
