// An application that knows nothing of pytest-otp: it uses Twilio's official package for messages, verifications and
// calls. Usage: send.js TO TEXT; prints what it got as JSON.
const path = require("node:path");
const twilio = require(path.join(process.env.NODE_MODULES, "twilio"));

async function main([to, text]) {
  const client = twilio("AC00000000000000000000000000000000", "an-invented-token");
  const sent = await client.messages.create({ to, from: "+15005550006", body: text });
  const found = await client.messages(sent.sid).fetch();
  const refused = await client.messages.create({ to: "12", from: "+15005550006", body: text }).catch((error) => error);
  const service = client.verify.v2.services("VA" + "1".repeat(32));
  await service.verifications.create({ to, channel: "sms", customCode: "424242", customFriendlyName: "Acme" });
  const wrong = await service.verificationChecks.create({ to, code: "424241" });
  const right = await service.verificationChecks.create({ to, code: "424242" });
  const again = await service.verificationChecks.create({ to, code: "424242" }).catch((error) => error);
  const lookup = await client.lookups.v2.phoneNumbers(to).fetch({ fields: "line_type_intelligence" });
  await client.calls.create({ to, from: "+15005550006", twiml: "<Response><Say>Your code is 1234</Say></Response>" });
  console.log(
    JSON.stringify({
      sid: sent.sid,
      found: found.body,
      code: refused.code,
      status: refused.status,
      checks: [wrong.status, right.status, again.code],
      line: lookup.lineTypeIntelligence.type,
    }),
  );
}

main(process.argv.slice(2));
