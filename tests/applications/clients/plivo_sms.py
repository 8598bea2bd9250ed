import sys

import plivo

client = plivo.RestClient("MA" + "X" * 18, "made-up")
client.messages.create(src="+12015550100", dst=sys.argv[1], text=sys.argv[2])
