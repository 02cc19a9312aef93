"""People who sign in."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from contacts.zones import validate_zone


class User(AbstractUser):
    """A person who works with Waypost; their role is a Django group (Marketers, Viewers) or superuser."""

    timezone = models.CharField(
        max_length=64, blank=True, validators=[validate_zone], help_text="Dates are shown in this zone."
    )
