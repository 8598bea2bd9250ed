import base64
import sys
import urllib.parse
import urllib.request

URL = f"https://api.twilio.com/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"
FIELDS = {"To": sys.argv[1], "From": "Harbour", "Body": sys.argv[2]}
CREDENTIALS = ("AC" + "0" * 32, "made-up")

request = urllib.request.Request(URL, urllib.parse.urlencode(FIELDS).encode())
request.add_header("Authorization", "Basic " + base64.b64encode(":".join(CREDENTIALS).encode()).decode())
urllib.request.urlopen(request, timeout=30).close()
