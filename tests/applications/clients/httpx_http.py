import sys

import httpx

URL = f"https://api.twilio.com/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"
FIELDS = {"To": sys.argv[1], "From": "Harbour", "Body": sys.argv[2]}
CREDENTIALS = ("AC" + "0" * 32, "made-up")

httpx.post(URL, data=FIELDS, auth=CREDENTIALS).raise_for_status()
