"""The pages."""

from __future__ import annotations

import os
import re
import secrets

from flask import Flask, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from .sms import SmsNotSentError, SmsSender, UnsubscribedError, sender_for
from .verification import CODE_DIGITS, Outcome, TooManyCodesError, Verification

Page = str | tuple[str, int] | Response

LOCKED = "Too many tries for this number. Please come back in 15 minutes."
NOT_SENT = "We could not send the SMS. Please try again."
UNSUBSCRIBED = "You have unsubscribed this number from our SMS. Reply START to any of them, then try again."


def create_app(send_sms: SmsSender | None = None) -> Flask:
    """The application. Without `send_sms`, the environment configures how it sends."""
    app = Flask(__name__)
    app.secret_key = os.environ.get("SECRET_KEY") or secrets.token_bytes(32)
    # Protects against forged requests: a form on another site cannot use the visitor's session.
    app.config.update(SESSION_COOKIE_SAMESITE="Lax")
    verification = Verification(send_sms or sender_for(os.environ))

    def phone_page(problem: str = "", typed: str = "", status: int = 200) -> Page:
        return render_template("phone.html", problem=problem, typed=typed), status

    def code_page(problem: str = "", status: int = 200) -> Page:
        return render_template("code.html", number=session["number"], digits=CODE_DIGITS, problem=problem), status

    @app.get("/")
    def ask_for_phone() -> Page:
        return phone_page()

    @app.post("/")
    def take_phone() -> Page:
        typed = request.form.get("phone", "")
        number = e164(typed)
        if number is None:
            return phone_page("Please type the number with its country code, such as +44 7700 900123.", typed, 422)
        try:
            verification.send_code(number)
        except TooManyCodesError:
            return phone_page(LOCKED, typed, 429)
        except UnsubscribedError:
            return phone_page(UNSUBSCRIBED, typed, 422)
        except SmsNotSentError as error:
            app.logger.error("%s", error)
            return phone_page(NOT_SENT, typed, 502)
        session.clear()
        session["number"] = number
        return redirect(url_for("ask_for_code"), 303)

    @app.get("/code")
    def ask_for_code() -> Page:
        return code_page() if "number" in session else redirect(url_for("ask_for_phone"))

    @app.post("/code")
    def take_code() -> Page:
        number = session.get("number")
        if number is None:
            return redirect(url_for("ask_for_phone"), 303)
        outcome = verification.check(number, re.sub(r"\D", "", "".join(request.form.getlist("digit"))))
        if outcome is Outcome.RIGHT:
            session.clear()
            session["member"] = number
            return redirect(url_for("welcome"), 303)
        if outcome is Outcome.LOCKED:
            return code_page(LOCKED, status=429)
        if outcome is Outcome.EXPIRED:
            return code_page("This code is no longer valid. Ask for a new one.", status=422)
        left = verification.tries_left(number)
        return code_page(f"That is not the code. {left} {'try' if left == 1 else 'tries'} left.", status=422)

    @app.post("/resend")
    def resend() -> Page:
        number = session.get("number")
        if number is None:
            return redirect(url_for("ask_for_phone"), 303)
        try:
            verification.send_code(number)
        except TooManyCodesError:
            return code_page(LOCKED, status=429)
        except UnsubscribedError:
            return code_page(UNSUBSCRIBED, status=422)
        except SmsNotSentError as error:
            app.logger.error("%s", error)
            return code_page(NOT_SENT, status=502)
        flash("A new code is on its way. The earlier one no longer works.")
        return redirect(url_for("ask_for_code"), 303)

    @app.get("/welcome")
    def welcome() -> Page:
        if "member" not in session:
            return redirect(url_for("ask_for_phone"))
        return render_template("welcome.html", number=session["member"])

    return app


def e164(typed: str) -> str | None:
    """The number that a person typed, in E.164 form, or None if it is not a phone number."""
    compact = re.sub(r"[\s().-]", "", typed)
    return compact if re.fullmatch(r"\+[1-9]\d{6,14}", compact) else None
