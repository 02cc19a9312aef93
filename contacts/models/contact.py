"""A person whom the installation may write to."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Lower

from contacts.zones import validate_zone

# Rows that come by the million have no constraints towards contacts and tags: PostgreSQL would look up and lock the
# contact once for each of them, a third of the cost of an import. Instead, whoever writes such rows locks the contacts
# and tags in the same transaction (FOR KEY SHARE is enough), and a trigger deletes the rows of those who are deleted,
# after waiting for all who hold such locks.
TAKEN_ALONG = models.DO_NOTHING


class Contact(models.Model):
    """A person. Email, phone and external id are NULL when unknown, so that uniqueness ignores them then."""

    email = models.EmailField(max_length=254, null=True, blank=True)
    phone = models.CharField(max_length=16, null=True, blank=True, help_text="E.164, as in +33612345678.")
    external_id = models.CharField(max_length=200, null=True, blank=True)
    first_name = models.CharField(max_length=200, blank=True)
    last_name = models.CharField(max_length=200, blank=True)
    # Empty means the installation's zone: changing that one then carries everybody along.
    timezone = models.CharField(max_length=64, blank=True, validators=[validate_zone])
    language = models.CharField(max_length=16, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(db_index=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="contact_email_unique"),
            models.UniqueConstraint(fields=["phone"], name="contact_phone_unique"),
            models.UniqueConstraint(fields=["external_id"], name="contact_external_id_unique"),
        ]
        indexes = [GinIndex(fields=["attributes"], name="contact_attributes", opclasses=["jsonb_path_ops"])]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or self.external_id or f"Contact {self.pk}"

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()
