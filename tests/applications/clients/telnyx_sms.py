import sys

from telnyx import Telnyx

Telnyx(api_key="made-up").messages.send(from_="+12015550100", to=sys.argv[1], text=sys.argv[2])
