import sys

import nexmo

client = nexmo.Client(key="made-up", secret="made-up")
client.send_message({"to": sys.argv[1].removeprefix("+"), "from": "Harbour", "text": sys.argv[2]})
