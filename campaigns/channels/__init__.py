"""The channels, one module each."""

from campaigns.channels.base import Channel, Composer, Refused
from campaigns.channels.email import Email
from campaigns.channels.sms import Sms

__all__ = ["Channel", "Composer", "Refused", "of"]

_CHANNELS: dict[str, Channel] = {channel.key: channel for channel in (Email(), Sms())}


def of(key: str) -> Channel:
    return _CHANNELS[key]
