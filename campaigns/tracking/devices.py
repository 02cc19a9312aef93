"""Tells from a browser's User-Agent on what kind of device a message was opened or clicked."""

import re

DEVICES = {"desktop": "Desktop", "mobile": "Phone", "tablet": "Tablet", "proxy": "Mail service"}
# Mail services that fetch pictures in the place of their readers: nothing is known of the device behind them.
_PROXY = re.compile(r"GoogleImageProxy|YahooMailProxy|ggpht\.com", re.I)
_TABLET = re.compile(r"iPad|Tablet|Kindle|Silk/|PlayBook|Android(?!.*Mobile)", re.I)
_MOBILE = re.compile(r"iPhone|iPod|Mobile|Windows Phone|BlackBerry|Opera Mini", re.I)
_DESKTOP = re.compile(r"Windows NT|Macintosh|X11|Linux|CrOS", re.I)


def device_of(user_agent: str) -> str:
    """One of DEVICES, or "" where the words tell nothing."""
    agent = user_agent[:1000]
    for device, sign in (("proxy", _PROXY), ("tablet", _TABLET), ("mobile", _MOBILE), ("desktop", _DESKTOP)):
        if sign.search(agent):
            return device
    return ""
