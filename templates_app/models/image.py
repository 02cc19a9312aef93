"""Pictures that mails show. Their bytes are in the database, so that every web machine can serve them."""

from django.conf import settings
from django.db import models


class Image(models.Model):
    """An uploaded picture; `token` is its public, unguessable name. Immutable."""

    token = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, help_text="The content type, as its bytes say it.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text="In bytes.")
    digest = models.CharField(max_length=64, unique=True)
    data = models.BinaryField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name
