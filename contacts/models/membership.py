"""Who is in which segment, as far as that has been worked out and told."""

from django.db import models

from contacts.models.contact import TAKEN_ALONG, Contact
from contacts.models.segment import Segment


class Membership(models.Model):
    """One contact is in one segment. Kept up to date by `contacts.segments.following` and `.refreshing`."""

    pk = models.CompositePrimaryKey("segment_id", "contact_id")
    # No database constraints: rows come by the million. Their writers lock the segment as well as the contact.
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    contact = models.ForeignKey(Contact, on_delete=TAKEN_ALONG, db_constraint=False, db_index=False)

    class Meta:
        indexes = [models.Index(fields=["contact", "segment"], name="membership_contact")]

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.segment_id}"


class SegmentRefresh(models.Model):
    """How far the members of one segment have been worked out, and by which rule.

    `refreshed_at` set     the members are known, and kept up to date
    only `after` set       the first pass by this rule is under way; contacts above `after` are still to come
    neither                set aside: the rule cannot be asked; its members stay as they were

    Whoever changes members holds this row's lock, so that an older look at a contact is never written over a newer one.
    """

    segment = models.OneToOneField(Segment, on_delete=models.CASCADE, primary_key=True)
    follows = models.CharField(max_length=64, help_text="A digest of the rule, those of other segments in it included.")
    after = models.BigIntegerField(null=True, help_text="The last contact that the pass under way has looked at.")
    slice = models.IntegerField(help_text="How many contacts are looked at in one go.")
    due_at = models.DateTimeField(help_text="When the next pass is to begin.")
    refreshed_at = models.DateTimeField(null=True, help_text="When the last pass by this rule came to its end.")
    known_at = models.DateTimeField(null=True, help_text="Whom time has moved until then is known.")

    def __str__(self) -> str:
        return f"{self.segment_id} at {self.after}"
