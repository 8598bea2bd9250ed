import asyncio
import sys

import aiohttp

URL = f"https://api.twilio.com/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"
FIELDS = {"To": sys.argv[1], "From": "Harbour", "Body": sys.argv[2]}
CREDENTIALS = ("AC" + "0" * 32, "made-up")


async def main():
    async with (
        aiohttp.ClientSession(trust_env=True, auth=aiohttp.BasicAuth(*CREDENTIALS)) as session,
        session.post(URL, data=FIELDS) as response,
    ):
        response.raise_for_status()


asyncio.run(main())
