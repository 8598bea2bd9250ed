import sys

import nexmo

verify = nexmo.Verify(nexmo.Client(key="made-up", secret="made-up"))
started = verify.start_verification(number=sys.argv[1].removeprefix("+"), brand="Harbour")
print(verify.check(started["request_id"], code=input())["status"])
