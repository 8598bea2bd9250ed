// better-auth's phoneNumber plugin; the first argument says what it sends with.
import { createServer } from 'node:http'
import { PinpointSMSVoiceV2Client, SendTextMessageCommand } from '@aws-sdk/client-pinpoint-sms-voice-v2'
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { toNodeHandler } from 'better-auth/node'
import { phoneNumber } from 'better-auth/plugins'
import twilio from 'twilio'

const account = twilio('AC' + '0'.repeat(32), 'made-up')
const aws = { region: 'eu-west-1', credentials: { accessKeyId: 'made-up', secretAccessKey: 'made-up' } }
const verify = () => account.verify.v2.services('VA' + '0'.repeat(32))
const senders = {
  twilio: { sendOTP: ({ phoneNumber: to, code }) => account.messages.create({ to, from: 'Harbour', body: `Your Harbour code is ${code}` }) },
  sns: {
    sendOTP: ({ phoneNumber: to, code }) =>
      new SNSClient(aws).send(new PublishCommand({ PhoneNumber: to, Message: `Your Harbour code is ${code}` })),
  },
  'end-user-messaging': {
    sendOTP: ({ phoneNumber: to, code }) =>
      new PinpointSMSVoiceV2Client(aws).send(
        new SendTextMessageCommand({ DestinationPhoneNumber: to, MessageBody: `Your Harbour code is ${code}` }),
      ),
  },
  'twilio-verify': {
    sendOTP: ({ phoneNumber: to }) => verify().verifications.create({ to, channel: 'sms' }),
    verifyOTP: async ({ phoneNumber: to, code }) => (await verify().verificationChecks.create({ to, code })).status === 'approved',
  },
}
const auth = betterAuth({
  secret: 'made-up-secret-of-more-than-32-characters',
  baseURL: 'http://127.0.0.1',
  trustedOrigins: ['*'],
  telemetry: { enabled: false },
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  plugins: [
    phoneNumber({ ...senders[process.argv[2]], signUpOnVerification: { getTempEmail: (number) => `${number.slice(1)}@harbour.example` } }),
  ],
})
const server = createServer(toNodeHandler(auth)).listen(0, '127.0.0.1', () => console.log(server.address().port))
