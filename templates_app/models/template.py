"""A message's text and its versions."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from contacts.models.consent import Channel


class Template(models.Model):
    """A named message of one channel. What it says stands in its versions; `published` is the one that is sent."""

    name = models.CharField(max_length=200)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    published = models.ForeignKey(
        "TemplateVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint("channel", Lower("name"), name="template_name_unique")]
        permissions = [("publish_template", "Can publish templates")]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """One wording. A draft may change; a published or rejected version never does."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        REJECTED = "rejected", "Rejected"

    class Markup(models.TextChoices):
        HTML = "html", "HTML"
        MJML = "mjml", "MJML"
        TEXT = "text", "Text"  # SMS

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    markup = models.CharField(max_length=8, choices=Markup.choices, default=Markup.HTML)
    subject = models.CharField(max_length=500, blank=True)
    preheader = models.CharField(max_length=500, blank=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="template_version_unique")]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"
