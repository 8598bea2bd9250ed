import sys

import bandwidth

configuration = bandwidth.Configuration(username="made-up", password="made-up")
request = bandwidth.MessageRequest(
    application_id="made-up", to=[sys.argv[1]], var_from="+12015550100", text=sys.argv[2]
)
bandwidth.MessagesApi(bandwidth.ApiClient(configuration)).create_message("made-up", request)
