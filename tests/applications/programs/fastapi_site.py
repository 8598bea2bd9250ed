"""A FastAPI application: sign-up by a code, sent with Vonage's SDK or, without blocking, with aioboto3."""

import secrets
import socket
import sys

import aioboto3
import uvicorn
from fastapi import Body, FastAPI, HTTPException
from vonage import Auth, Vonage
from vonage_messages import Sms

app = FastAPI()
codes: dict[str, str] = {}


def by_vonage(to, text):
    message = Sms(to=to.removeprefix("+"), from_="Harbour", text=text)
    Vonage(Auth(api_key="made-up", api_secret="made-up")).messages.send(message)


async def by_sns(to, text):
    async with aioboto3.Session("made-up", "made-up", region_name="eu-west-1").client("sns") as sns:
        await sns.publish(PhoneNumber=to, Message=text)


def text_for(phone):
    codes[phone] = f"{secrets.randbelow(10**6):06}"
    return f"{codes[phone]} is your Harbour code"


@app.post("/sign-up/vonage")
def sign_up_with_vonage(phone: str = Body(embed=True)):
    by_vonage(phone, text_for(phone))
    return {}


@app.post("/sign-up/sns")
async def sign_up_with_sns(phone: str = Body(embed=True)):
    await by_sns(phone, text_for(phone))
    return {}


@app.post("/verify")
def verify(phone: str = Body(), code: str = Body()):
    if codes.get(phone) != code:
        raise HTTPException(403)
    return {"verified": phone}


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
