import sys

from twilio.rest import Client

client = Client("AC" + "0" * 32, "made-up")
client.messages.create(to=sys.argv[1], from_="Harbour", body=sys.argv[2])
