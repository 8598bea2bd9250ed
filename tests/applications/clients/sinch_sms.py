import sys

from sinch import SinchClient

client = SinchClient(service_plan_id="made-up", sms_api_token="made-up", sms_region="us")
client.sms.batches.send_sms(to=[sys.argv[1]], from_="+12015550100", body=sys.argv[2])
