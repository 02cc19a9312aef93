"""Contacts who were merged into others, pairs that may be one person, and people who were erased."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from contacts.models.contact import TAKEN_ALONG, Contact


class Merge(models.Model):
    """A contact who is gone, and the one who has everything of theirs since. Leads old links to the right page.

    `settled` once nobody can still write to the one who is gone: what began before the merge has been moved too. From
    the transaction `xact` on, nobody can have seen them (see `contacts.people.lingering`).
    """

    gone_id = models.BigIntegerField(unique=True)
    kept = models.ForeignKey(Contact, on_delete=TAKEN_ALONG, related_name="merges", db_constraint=False)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    source = models.CharField(max_length=200)
    choices = models.JSONField(default=dict, help_text="Field → whose value was taken: kept or gone.")
    before = models.JSONField(default=dict, help_text="What the two were before: {“kept”: fields, “gone”: fields}.")
    xact = models.BigIntegerField(null=True, editable=False)
    settled = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["id"], name="merge_unsettled", condition=models.Q(settled=False))]

    def __str__(self) -> str:
        return f"{self.gone_id} into {self.kept_id}"


class Erasure(models.Model):
    """That somebody was erased, when and by whom; nothing of who they were. `settled` as in `Merge`."""

    contact = models.OneToOneField(Contact, on_delete=TAKEN_ALONG, db_constraint=False)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    source = models.CharField(max_length=200)
    replaced = models.JSONField(
        default=list,
        help_text="What operators wrote that named them, or those who were erased with them, as {what, name, url}.",
    )
    xact = models.BigIntegerField(null=True, editable=False)
    settled = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["id"], name="erasure_unsettled", condition=models.Q(settled=False))]

    def __str__(self) -> str:
        return f"{self.contact_id} at {self.at}"


class ErasedAddress(models.Model):
    """The fingerprint of an address whose owner asked to be forgotten, and not to be added again.

    `digest` is a keyed hash: whoever has the address can ask for it, and nobody can read it.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest[:12]


class Pair(models.Model):
    """Two contacts who may be the same person: why, and how likely (0 to 100). `one` is the older of them."""

    one = models.ForeignKey(Contact, on_delete=TAKEN_ALONG, related_name="+", db_constraint=False, db_index=False)
    other = models.ForeignKey(Contact, on_delete=TAKEN_ALONG, related_name="+", db_constraint=False)
    score = models.SmallIntegerField()
    reasons = ArrayField(models.CharField(max_length=20))
    search = models.BigIntegerField(help_text="The search that found it last.")
    found_at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="pair_unique")]
        indexes = [
            models.Index(fields=["-score", "-id"], name="pair_open", condition=models.Q(dismissed_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.one_id} and {self.other_id}"

    @property
    def both(self) -> list[Contact]:
        return [self.one, self.other]


class PairSearch(models.Model):
    """One search for duplicates over all contacts: `step` of `steps` are done."""

    step = models.IntegerField(default=0)
    steps = models.IntegerField()
    pairs = models.IntegerField(default=0, help_text="Found so far.")
    truncated = models.BooleanField(default=False, help_text="There were more than are kept.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(finished_at__isnull=True), name="pair_search_single"
            )
        ]

    def __str__(self) -> str:
        return f"{self.step} of {self.steps}"
