import sys

from vonage import Auth, Vonage
from vonage_verify_legacy import VerifyRequest

verify = Vonage(Auth(api_key="made-up", api_secret="made-up")).verify_legacy
started = verify.start_verification(VerifyRequest(brand="Harbour", number=sys.argv[1].removeprefix("+")))
print(verify.check_code(started.request_id, input()).status)
