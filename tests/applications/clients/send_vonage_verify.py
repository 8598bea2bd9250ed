import sys

from vonage import Auth, Vonage
from vonage_verify import SmsChannel, VerifyRequest

verify = Vonage(Auth(api_key="made-up", api_secret="made-up")).verify
request = VerifyRequest(brand="Harbour", workflow=[SmsChannel(to=sys.argv[1].removeprefix("+"))])
started = verify.start_verification(request)
print(verify.check_code(started.request_id, input()).status)
