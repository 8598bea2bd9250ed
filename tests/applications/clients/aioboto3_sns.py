import asyncio
import sys

import aioboto3


async def main():
    async with aioboto3.Session("made-up", "made-up", region_name="eu-west-1").client("sns") as sns:
        await sns.publish(PhoneNumber=sys.argv[1], Message=sys.argv[2])


asyncio.run(main())
