"""A message's text and its versions."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from contacts.models.consent import Channel


class Template(models.Model):
    """A named message of one channel. What it says stands in its versions; `published` is the one that is sent."""

    name = models.CharField(max_length=200)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    folder = models.CharField(max_length=100, blank=True, help_text="Where lists put it, such as “Newsletters”.")
    published = models.ForeignKey(
        "TemplateVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["folder"], name="template_folder")]
        constraints = [models.UniqueConstraint("channel", Lower("name"), name="template_name_unique")]
        permissions = [("publish_template", "Can publish templates")]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """One wording. A draft may change; what is in review waits for somebody who may publish; a published or rejected
    version never changes."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"  # being written
        IN_REVIEW = "in_review", "In review"  # its writer asked for it to be published
        PUBLISHED = "published", "Published"  # sent, or was until a later version replaced it
        REJECTED = "rejected", "Rejected"  # a reviewer said no, or its writer gave it up; `review` says why

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
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    rejected_at = models.DateTimeField(null=True, blank=True)
    rejected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    review = models.TextField(blank=True, help_text="The reviewer's words.")

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="template_version_unique"),
            models.UniqueConstraint(
                fields=["template"], condition=models.Q(state__in=["draft", "in_review"]), name="template_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"

    @property
    def is_open(self) -> bool:
        """Whether it may still be published."""
        return self.state in (self.State.DRAFT, self.State.IN_REVIEW)
