import sys

import boto3

session = boto3.Session("made-up", "made-up", region_name="eu-west-1")
session.client("sns").publish(PhoneNumber=sys.argv[1], Message=sys.argv[2])
