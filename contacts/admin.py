"""Contacts in Django's admin, to look things up; what the timeline must tell is changed in the pages."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from contacts import saving
from contacts.models import Attribute, Contact, CsvImport, Segment, Suppression, Tag
from contacts.search import search


class ReadOnly(admin.ModelAdmin):
    """Saving here would pass by the activities that record events, so nothing is saved here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Contact)
class ContactAdmin(ReadOnly):
    list_display = ["id", "email", "phone", "external_id", "first_name", "last_name", "created_at"]
    list_display_links = ["id", "email"]
    search_fields = ["email"]
    search_help_text = "The beginnings of words in emails, names and phones."
    ordering = ["-id"]
    show_full_result_count = False
    list_per_page = 50

    def delete_model(self, request: HttpRequest, obj: Contact) -> None:
        saving.delete([obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> None:
        saving.delete(list(queryset.values_list("pk", flat=True)))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        return search(queryset, search_term), False


@admin.register(Attribute)
class AttributeAdmin(ReadOnly):
    """Deleting goes by the pages, which say what becomes of the values."""

    list_display = ["name", "label", "type", "size", "unfit", "counted_at"]
    list_filter = ["type"]
    search_fields = ["name", "label"]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(CsvImport)
class CsvImportAdmin(ReadOnly):
    list_display = ["id", "name", "state", "rows_read", "created", "updated", "unchanged", "refused", "created_at"]
    list_filter = ["state"]


@admin.register(Segment)
class SegmentAdmin(ReadOnly):
    list_display = ["id", "name", "size", "counted_at"]
    search_fields = ["name"]


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    list_display = ["id", "name"]
    search_fields = ["name"]


@admin.register(Suppression)
class SuppressionAdmin(admin.ModelAdmin):
    list_display = ["address", "channel", "reason", "at"]
    list_filter = ["channel"]
    search_fields = ["address"]
    show_full_result_count = False
