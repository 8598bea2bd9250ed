import asyncio
import sys

from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client


async def main():
    async with AsyncTwilioHttpClient() as http_client:
        client = Client("AC" + "0" * 32, "made-up", http_client=http_client)
        await client.messages.create_async(to=sys.argv[1], from_="Harbour", body=sys.argv[2])


asyncio.run(main())
