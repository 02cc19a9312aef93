"""Every visit to a message's links and picture, whoever made it: what was counted, and what was not and why."""

from django.db import models

from campaigns.models.message import Message


class Hit(models.Model):
    """One request. `number` is the link's, null for the picture (an open). `machine` says why nobody sat behind it, as
    a key of `campaigns.tracking.machines.WHY`; empty for a person. Who asked is kept as the words of their program,
    never as an address. At most `campaigns.tracking.hits.MOST` per message, and as old as events may be."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    number = models.PositiveSmallIntegerField(null=True)
    at = models.DateTimeField()
    agent = models.CharField(max_length=200)
    device = models.CharField(max_length=8)
    machine = models.CharField(max_length=12)
    counted = models.BooleanField(help_text="Machine-made ones are where the installation says so.")

    class Meta:
        indexes = [models.Index(fields=["message", "id"], name="hit_message")]

    def __str__(self) -> str:
        return f"{'open' if self.number is None else f'link {self.number}'} of message {self.message_id}"
