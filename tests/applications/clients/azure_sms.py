import sys

from azure.communication.sms import SmsClient

client = SmsClient("https://made-up.unitedstates.communication.azure.com", "bWFkZS11cA==", retry_total=0)
client.send(from_="+12015550100", to=[sys.argv[1]], message=sys.argv[2])
