// An application that asks Twilio for something that the gateway does not serve; prints the error that it gets.
const path = require("node:path");
const twilio = require(path.join(process.env.NODE_MODULES, "twilio"));

const client = twilio("AC00000000000000000000000000000000", "an-invented-token");
client.conversations.v1.conversations.create().catch((error) => {
  console.log(JSON.stringify({ status: error.status, message: error.message }));
});
