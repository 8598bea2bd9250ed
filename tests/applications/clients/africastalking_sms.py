import sys

import africastalking

africastalking.initialize("harbour", "made-up")
africastalking.SMS.send(sys.argv[2], [sys.argv[1]])
