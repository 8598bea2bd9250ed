import sys

import boto3

client = boto3.Session("made-up", "made-up", region_name="eu-west-1").client("pinpoint-sms-voice-v2")
client.send_text_message(DestinationPhoneNumber=sys.argv[1], MessageBody=sys.argv[2])
