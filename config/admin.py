"""The database admin's view of people, API keys and the installation; read-mostly, the pages do the rest."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from config.models import ApiKey, User
from contacts.models import Installation

admin.site.site_title = "Waypost"
admin.site.index_title = "Database admin"


@admin.register(User)
class PersonAdmin(UserAdmin):
    fieldsets = (*UserAdmin.fieldsets, ("Waypost", {"fields": ["timezone"]}))


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    list_display = ["name", "prefix", "owner", "created_at", "last_used_at", "revoked_at"]
    list_select_related = ["owner"]
    exclude = ["hashed"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False


@admin.register(Installation)
class InstallationAdmin(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Installation | None = None) -> bool:
        return False
