import sys

from vonage import Auth, Vonage
from vonage_messages import WhatsappText

client = Vonage(Auth(api_key="made-up", api_secret="made-up"))
client.messages.send(WhatsappText(to=sys.argv[1].removeprefix("+"), from_="12015550100", text=sys.argv[2]))
