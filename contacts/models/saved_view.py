"""Ways to look at the list of contacts that somebody wants to see again."""

from django.conf import settings
from django.db import models

from contacts.models.sharing import Shareable


class SavedView(models.Model):
    """`filters` are those of the list's address, `columns` the keys of its columns; empty are the usual ones."""

    name = models.CharField(max_length=100)
    filters = models.JSONField(default=dict)
    columns = models.JSONField(default=list)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contact_views")
    shared = models.BooleanField(default=False, help_text="Everybody who sees contacts sees it.")
    position = models.PositiveIntegerField(default=0)
    # For whom the list opens with it.
    opens_for = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="first_contact_view", blank=True)
    created_at = models.DateTimeField()

    objects = Shareable.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_name")]

    def __str__(self) -> str:
        return self.name
