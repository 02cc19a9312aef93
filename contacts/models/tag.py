"""Words that mark contacts."""

from django.db import models
from django.db.models.functions import Lower

from contacts.models.contact import TAKEN_ALONG, Contact


class Tag(models.Model):
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="tag_name_unique")]

    def __str__(self) -> str:
        return self.name


class ContactTag(models.Model):
    """One contact carries one tag, since a time."""

    contact = models.ForeignKey(Contact, on_delete=TAKEN_ALONG, related_name="contact_tags", db_constraint=False)
    tag = models.ForeignKey(
        Tag, on_delete=TAKEN_ALONG, related_name="contact_tags", db_constraint=False, db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tag", "contact"], name="contact_tag_unique")]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.tag_id}"
