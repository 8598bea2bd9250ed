import { PinpointSMSVoiceV2Client, SendTextMessageCommand } from '@aws-sdk/client-pinpoint-sms-voice-v2'

const [to, text] = process.argv.slice(2)
const credentials = { accessKeyId: 'made-up', secretAccessKey: 'made-up' }
const client = new PinpointSMSVoiceV2Client({ region: 'eu-west-1', credentials })
await client.send(new SendTextMessageCommand({ DestinationPhoneNumber: to, MessageBody: text }))
