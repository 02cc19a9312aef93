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


class Present(models.Manager["Contact"]):
    """Those who were not erased."""

    def get_queryset(self) -> models.QuerySet["Contact"]:
        return super().get_queryset().filter(erased_at__isnull=True)


class WithErased(models.Manager["Contact"]):
    """Everybody, those who were erased too."""


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
    # When the person was forgotten: nothing of them is left but this row, so that counts stay what they were. `objects`
    # and every rule pass over it; what hangs on it finds it by `with_erased`, as foreign keys do.
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = Present()
    with_erased = WithErased()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="contact_email_unique"),
            models.UniqueConstraint(fields=["phone"], name="contact_phone_unique"),
            models.UniqueConstraint(fields=["external_id"], name="contact_external_id_unique"),
        ]
        indexes = [
            GinIndex(fields=["attributes"], name="contact_attributes", opclasses=["jsonb_path_ops"]),
            models.Index(fields=["id"], name="contact_erased", condition=models.Q(erased_at__isnull=False)),
            # Counts take a look at everybody's id, which is a tenth of the table.
            models.Index(fields=["id"], name="contact_present", condition=models.Q(erased_at__isnull=True)),
        ]
        permissions = [
            ("merge_contact", "Can merge contacts"),
            ("erase_contact", "Can erase people for good"),
            ("export_contact", "Can take contacts out as files"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or self.external_id or f"Contact {self.pk}"

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()
