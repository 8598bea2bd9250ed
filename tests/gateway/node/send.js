// An application that knows nothing of pytest-otp: it sends by Twilio's official package, and looks the message up.
// Usage: send.js TO TEXT; prints what it got as JSON.
const path = require("node:path");
const twilio = require(path.join(process.env.NODE_MODULES, "twilio"));

async function main([to, text]) {
  const client = twilio("AC00000000000000000000000000000000", "an-invented-token");
  const sent = await client.messages.create({ to, from: "+15005550006", body: text });
  const found = await client.messages(sent.sid).fetch();
  const refused = await client.messages.create({ to: "12", from: "+15005550006", body: text }).catch((error) => error);
  console.log(JSON.stringify({ sid: sent.sid, found: found.body, code: refused.code, status: refused.status }));
}

main(process.argv.slice(2));
