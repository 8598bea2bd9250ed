"""The SMS services that applications send through, spoken offline: Twilio's, Vonage's, Amazon SNS's, a plain one."""
