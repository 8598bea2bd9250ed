import sys

from vonage import Auth, Vonage
from vonage_sms import SmsMessage

client = Vonage(Auth(api_key="made-up", api_secret="made-up"))
client.sms.send(SmsMessage(to=sys.argv[1].removeprefix("+"), from_="Harbour", text=sys.argv[2]))
