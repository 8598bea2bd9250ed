import sys

from twilio.rest import Client

client = Client("AC" + "0" * 32, "made-up")
client.calls.create(to=sys.argv[1], from_="+12015550100", twiml=f"<Response><Say>{sys.argv[2]}</Say></Response>")
