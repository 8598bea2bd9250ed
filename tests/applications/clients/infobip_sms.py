import sys

from infobip_api_client import (
    ApiClient,
    Configuration,
    SmsApi,
    SmsDestination,
    SmsMessage,
    SmsMessageContent,
    SmsRequest,
    SmsTextContent,
)

configuration = Configuration(
    host="https://made-up.api.infobip.com",
    api_key={"APIKeyHeader": "made-up"},
    api_key_prefix={"APIKeyHeader": "App"},
)
message = SmsMessage(
    sender="Harbour",
    destinations=[SmsDestination(to=sys.argv[1])],
    content=SmsMessageContent(actual_instance=SmsTextContent(text=sys.argv[2])),
)
SmsApi(ApiClient(configuration)).send_sms_messages(sms_request=SmsRequest(messages=[message]))
