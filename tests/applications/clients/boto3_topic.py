import sys

import boto3

sns = boto3.Session("made-up", "made-up", region_name="eu-west-1").client("sns")
topic = sns.create_topic(Name="codes")["TopicArn"]
sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint=sys.argv[1])
sns.publish(TopicArn=topic, Message=sys.argv[2])
