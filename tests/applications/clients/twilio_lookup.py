import sys

from twilio.rest import Client

client = Client("AC" + "0" * 32, "made-up")
found = client.lookups.v2.phone_numbers(sys.argv[1]).fetch()
assert found.valid
client.messages.create(to=found.phone_number, from_="Harbour", body=sys.argv[2])
