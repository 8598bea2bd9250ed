"""A celery application whose task sends the code."""

import os
import sys

from celery import Celery
from twilio.rest import Client

app = Celery("celery_app", broker=os.environ["BROKER"])


@app.task
def send_code(to, text):
    Client("AC" + "0" * 32, "made-up").messages.create(to=to, from_="Harbour", body=text)


if __name__ == "__main__":
    from celery_app import send_code as task

    task.delay(*sys.argv[1:])
