"""What people may do: administrators everything, marketers all but settings, writers templates, viewers look."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import models, transaction

from config.models import User

APPS = ("config", "contacts", "templates_app", "campaigns", "flows")
# What only administrators change, though everybody may look at it.
ADMINISTRATORS_ONLY = (
    "installation", "provider", "allowance", "breaker", "breakerturn", "topicroute", "price", "budget", "reservation",
    "ledgerentry", "courtesy", "recentmessage", "apikey", "doubleoptin",
)  # fmt: skip


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", "Administrator: everything, also people, providers and settings"
    MARKETER = "marketer", "Marketer: contacts, segments, templates, campaigns and scenarios"
    WRITER = "writer", "Writer: writes templates, which others publish and send; changes nothing else"
    VIEWER = "viewer", "Viewer: sees everything, changes nothing"


GROUPS = {Role.MARKETER: "Marketers", Role.WRITER: "Writers", Role.VIEWER: "Viewers"}
WRITTEN = ("add_template", "change_template")


def grant(app_config: AppConfig, using: str = "default", **_: Any) -> None:
    """After `migrate`: give the groups the permissions of one app. Permissions added by hand stay."""
    if app_config.label not in APPS:
        return
    # This receiver may run before the one of django.contrib.auth, which makes the permissions.
    create_permissions(app_config, verbosity=0, using=using)
    of_app = Permission.objects.using(using).filter(content_type__app_label=app_config.label)
    seen = of_app.filter(codename__startswith="view_").exclude(codename="view_user")
    changed = of_app.exclude(content_type__model__in=ADMINISTRATORS_ONLY).exclude(content_type__app_label="config")
    written = of_app.filter(codename__in=WRITTEN)
    for role, permissions in ((Role.MARKETER, seen | changed), (Role.WRITER, seen | written), (Role.VIEWER, seen)):
        group, _created = Group.objects.using(using).get_or_create(name=GROUPS[role])
        group.permissions.add(*permissions)


def role_of(user: User) -> Role | None:
    """The user's role; None for one who has none yet. Reads `user.groups`: prefetch it for lists."""
    if user.is_superuser:
        return Role.ADMINISTRATOR
    names = {group.name for group in user.groups.all()}
    return next((role for role, name in GROUPS.items() if name in names), None)


@transaction.atomic
def give(user: User, role: str) -> None:
    """Make `role` the user's only role. Groups that are no role stay."""
    user.is_superuser = user.is_staff = role == Role.ADMINISTRATOR
    user.save(update_fields=["is_superuser", "is_staff"])
    user.groups.remove(*Group.objects.filter(name__in=GROUPS.values()))
    if role in GROUPS:
        user.groups.add(Group.objects.get(name=GROUPS[Role(role)]))
