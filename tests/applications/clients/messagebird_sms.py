import sys

import messagebird

messagebird.Client("made-up").message_create("Harbour", sys.argv[1], sys.argv[2])
