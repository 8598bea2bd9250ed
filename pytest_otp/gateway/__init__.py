"""Offline stand-ins for the SMS services that applications send through: Twilio, Vonage, Amazon SNS, a plain API."""
