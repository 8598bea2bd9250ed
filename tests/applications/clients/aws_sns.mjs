import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'

const [to, text] = process.argv.slice(2)
const credentials = { accessKeyId: 'made-up', secretAccessKey: 'made-up' }
const client = new SNSClient({ region: 'eu-west-1', credentials })
await client.send(new PublishCommand({ PhoneNumber: to, Message: text }))
