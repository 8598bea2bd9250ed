import sys

from notifiers import get_notifier

get_notifier("twilio").notify(
    to=sys.argv[1],
    from_="+12015550100",
    message=sys.argv[2],
    account_sid="AC" + "0" * 32,
    auth_token="made-up",
    raise_on_errors=True,
)
