"""A worker of the send lane as a process of its own, to be killed by tests."""

import os
import sys
from datetime import datetime

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

    from campaigns.delivery import sending

    now = datetime.fromisoformat(sys.argv[1])
    while sending.work(now):
        pass
