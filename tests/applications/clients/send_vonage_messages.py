import sys

from vonage import Auth, Vonage
from vonage_messages import Sms

client = Vonage(Auth(api_key="made-up", api_secret="made-up"))
client.messages.send(Sms(to=sys.argv[1].removeprefix("+"), from_="Harbour", text=sys.argv[2]))
