"""The installation: settings, URLs, API, schedules, users and the supervisor."""
