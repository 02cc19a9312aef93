"""Django system checks that name a bad setting and its cure."""

SETTINGS_TAG = "waypost"
