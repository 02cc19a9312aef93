"""Campaigns, providers' limits and prices in Django's admin, to look things up."""

from django.contrib import admin
from django.http import HttpRequest

from campaigns.models import Allowance, Campaign, ChainStep, Listed, Price


class ReadOnly(admin.ModelAdmin):
    """Saving here would pass by the activities that keep states, audiences and messages in step."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Campaign)
class CampaignAdmin(ReadOnly):
    list_display = ["id", "name", "kind", "channel", "state", "phase", "audience_count", "started_at", "finished_at"]
    list_filter = ["state", "kind", "channel"]
    search_fields = ["name"]


@admin.register(ChainStep)
class ChainStepAdmin(ReadOnly):
    list_display = ["id", "campaign", "position", "key", "name", "channel"]
    list_select_related = ["campaign"]


@admin.register(Listed)
class ListedAdmin(ReadOnly):
    list_display = ["id", "campaign_id", "contact_id"]


@admin.register(Price)
class PriceAdmin(ReadOnly):
    list_display = ["id", "channel", "country", "amount"]
    list_filter = ["channel"]


@admin.register(Allowance)
class AllowanceAdmin(ReadOnly):
    list_display = ["provider", "tokens", "at", "day", "today"]
    list_select_related = ["provider"]
