"""The exact words of messages, kept once however many contacts get them."""

from django.db import models

from campaigns.models.provider import Provider
from contacts.models.consent import Channel
from templates_app.models.template import TemplateVersion


class Content(models.Model):
    """What a node or campaign sends: immutable, found again by `digest` (SHA-256 of all its fields)."""

    digest = models.CharField(max_length=64, unique=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    subject = models.CharField(max_length=500, blank=True)
    preheader = models.CharField(max_length=500, blank=True)
    body = models.TextField()
    markup = models.CharField(max_length=8, choices=TemplateVersion.Markup.choices)
    topic = models.CharField(max_length=100, blank=True)  # the key of a contacts.Topic
    late_hours = models.PositiveIntegerField(null=True, help_text="How late it may go; null: as usual.")
    provider = models.ForeignKey(Provider, null=True, on_delete=models.SET_NULL)
    utm = models.CharField(
        max_length=3, blank=True, db_default="", help_text="“on”, “off”, or as the installation says."
    )
    template_version = models.ForeignKey(TemplateVersion, null=True, on_delete=models.SET_NULL)

    def __str__(self) -> str:
        return self.subject or self.body[:60]

    @property
    def topic_name(self) -> str:
        """What contacts call its topic, where that was asked for: see `contents.named`."""
        return getattr(self, "called", "")


class Link(models.Model):
    """The n-th link of a content: where a click on it leads. May hold Liquid."""

    content = models.ForeignKey(Content, on_delete=models.CASCADE, related_name="links", db_index=False)
    number = models.PositiveSmallIntegerField()
    url = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["content", "number"], name="link_unique")]

    def __str__(self) -> str:
        return self.url
