"""Who may use the installation."""

from config.models.api_key import ApiKey
from config.models.user import User

__all__ = ["ApiKey", "User"]
