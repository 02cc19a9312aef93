"""The worker of django-post-office in the bench of peers; runs in a Python of its own, where that is installed.

Reads what to do as JSON from standard input. Makes its tables and its queue, says that it is ready, waits for a line,
sends everything by its own `send_queued_mail_until_done`, and says how long that took.
"""

import json
import logging
import os
import re
import sys
import time


def main() -> None:
    told = json.loads(sys.stdin.readline())
    import django
    from django.conf import settings

    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql"} | told["database"]},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "post_office"],
        EMAIL_BACKEND="post_office.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=told["port"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates"},
            {"BACKEND": "post_office.template.backends.post_office.PostOfficeTemplates", "APP_DIRS": True,
             "NAME": "post_office", "OPTIONS": {"context_processors": []}},
        ],
        POST_OFFICE={"BATCH_SIZE": told["batch"], "THREADS_PER_PROCESS": told["threads"], "LOG_LEVEL": 0,
                     "BATCH_DELIVERY_TIMEOUT": 3600},
    )  # fmt: skip
    django.setup()
    logging.disable(logging.INFO)
    from django.core.management import call_command
    from post_office import mail
    from post_office.models import EmailTemplate

    call_command("migrate", verbosity=0)
    html = re.sub(r"contact\.(attributes\.)?", "", told["body"])
    template = EmailTemplate.objects.create(
        name="letter", subject="Hello {{ first_name }}", content=re.sub("<[^>]*>", " ", html), html_content=html
    )
    mail.send_many(
        [
            {"sender": "from@example.com", "recipients": [f"c{n}@example.com"], "template": template,
             "render_on_delivery": True, "context": {
                 "first_name": f"Zoë{n}", "last_name": "Last", "email": f"c{n}@example.com", "language": "en",
                 "city": "Paris", "plan": "pro"}}
            for n in range(told["mails"])
        ]
    )  # fmt: skip
    print("ready", flush=True)
    sys.stdin.readline()
    before, started = sum(os.times()[:4]), time.monotonic()
    mail.send_queued_mail_until_done(lockfile=told["lock"], processes=told["processes"])
    spent = {"seconds": time.monotonic() - started, "python": sum(os.times()[:4]) - before}
    print(json.dumps(spent), flush=True)


if __name__ == "__main__":
    main()
