"""Flask-Security-Too: registration, and a second factor by Twilio."""

from flask import Flask
from flask_security import Security, SQLAlchemyUserDatastore
from flask_security.models import fsqla_v3
from flask_sqlalchemy import SQLAlchemy
from serving import serve

app = Flask(__name__)
app.config.update(
    SECRET_KEY="made-up",
    SECURITY_PASSWORD_SALT="made-up",
    SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
    SECURITY_SEND_REGISTER_EMAIL=False,
    SECURITY_REGISTERABLE=True,
    SECURITY_TWO_FACTOR=True,
    SECURITY_TWO_FACTOR_REQUIRED=True,
    SECURITY_TWO_FACTOR_ENABLED_METHODS=["sms"],
    SECURITY_TWO_FACTOR_ALWAYS_VALIDATE=True,
    SECURITY_TOTP_SECRETS={"1": "made-up-totp-secret-of-some-length"},
    SECURITY_TOTP_ISSUER="Harbour",
    SECURITY_SMS_SERVICE="Twilio",
    SECURITY_SMS_SERVICE_CONFIG={
        "ACCOUNT_SID": "AC" + "0" * 32,
        "AUTH_TOKEN": "made-up",
        "PHONE_NUMBER": "+12015550100",
    },
    SECURITY_PHONE_REGION_DEFAULT="US",
    SQLALCHEMY_DATABASE_URI="sqlite:///:memory:",
    WTF_CSRF_ENABLED=False,
)
db = SQLAlchemy(app)
fsqla_v3.FsModels.set_db_info(db)


class Role(db.Model, fsqla_v3.FsRoleMixin):
    pass


class User(db.Model, fsqla_v3.FsUserMixin):
    pass


class WebAuthn(db.Model, fsqla_v3.FsWebAuthnMixin):
    pass


@app.get("/")
def home():
    return "Harbour"


app.security = Security(app, SQLAlchemyUserDatastore(db, User, Role, WebAuthn))
with app.app_context():
    db.create_all()

if __name__ == "__main__":
    serve(app)
